using Microsoft.Extensions.DependencyInjection;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>Session rows outlive their call by 24 hours and are then removed; those of live calls stay.</summary>
public sealed class SessionExpiryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_of_an_ended_call_goes_after_24_hours_and_that_of_a_live_call_stays()
    {
        await using var recorder = await Recorder.StartAsync();
        var states = recorder.Services.GetRequiredService<IStateExpiry>();
        using var live = await StartAsync(recorder, "stays-live");
        using var over = await StartAsync(recorder, "is-over");
        await over.SendAsync(over.Request("BYE", 2), Token);
        var ended = (await recorder.WaitForAsync("is-over", CallState.Sealed)).EndedAt!.Value;
        await Wait.UntilAsync(
            async () => await states.ExpireAsync(ended.AddHours(24).AddSeconds(1), Token) == 1,
            "the row of the ended call, and only that, to be due 24 hours later");
        Assert.Equal(0, await states.ExpireAsync(ended.AddDays(29), Token));
    }

    [Fact]
    public async Task Session_of_an_ended_call_is_known_for_24_hours()
    {
        await using var recorder = await Recorder.StartAsync();
        using var src = await StartAsync(recorder, "known");
        await src.SendAsync(src.Request("BYE", 2), Token);
        var ended = (await recorder.WaitForAsync("known", CallState.Sealed)).EndedAt!.Value;
        var states = recorder.Services.GetRequiredService<IStateExpiry>();
        Assert.Equal(0, await states.ExpireAsync(ended.AddHours(24).AddSeconds(-1), Token));
    }

    private static async Task<FakeSrc> StartAsync(Recorder recorder, string session)
    {
        var src = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        await src.SendAsync(src.Invite(metadata: FakeSrc.Metadata(session)), Token);
        src.ToTag = FakeSrc.TagOf(await src.ReceiveAsync("SIP/2.0 200 ", Token));
        await src.SendAsync(src.Request("ACK", 1), Token);
        return src;
    }
}
