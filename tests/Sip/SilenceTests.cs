namespace Talreg.Sip.Tests;

/// <summary>A server that may not speak, because another one may have its interface.</summary>
public sealed class SilenceTests
{
    [Fact]
    public async Task Request_while_silent_is_dropped_and_its_copy_is_answered_afterwards()
    {
        var maySpeak = false;
        await using var bench = await EngineBench.CreateAsync(
            options: options => options with { MaySpeak = () => maySpeak });
        var invite = bench.Src.Invite();
        Assert.Empty(bench.Receive(invite));
        Assert.Empty(bench.Receive(bench.Src.Request("OPTIONS", 2)));
        Assert.Empty(bench.Receive("nonsense\r\n\r\n"));
        Assert.Equal((3L, 0, 0), (bench.Engine.Withheld, bench.Engine.TransactionCount, bench.Engine.DialogCount));

        maySpeak = true;
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(invite)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_of_a_server_that_falls_silent_goes_on_without_a_word()
    {
        var maySpeak = true;
        await using var bench = await EngineBench.CreateAsync(
            options: options => options with { MaySpeak = () => maySpeak });
        bench.Establish(acknowledge: false);
        maySpeak = false;
        var sent = bench.Sent.Count;

        // The 2xx is due again and again, and a BYE is due at the end of the wait for the ACK.
        bench.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(bench.Receive(bench.Src.Request("BYE", 2)));
        Assert.Equal((sent, 1), (bench.Sent.Count, bench.Engine.DialogCount));
        Assert.DoesNotContain(
            bench.Application.Events, line => line.StartsWith("ended", StringComparison.Ordinal));
    }
}
