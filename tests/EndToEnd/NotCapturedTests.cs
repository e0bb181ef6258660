using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Silo.Hosting;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>A call that was admitted and of which no take came is told, and never left behind as active.</summary>
public sealed class NotCapturedTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invite_admitted_without_ports_for_it_is_503_and_the_call_fails_with_a_gap()
    {
        // One pair of ports: the offer has two m-lines.
        await using var recorder = await Recorder.StartAsync(ports: 2);
        using var src = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        await src.SendAsync(src.Invite(metadata: FakeSrc.Metadata("no-ports")), Token);
        var answer = await src.ReceiveAsync("SIP/2.0 503 ", Token);
        Assert.Contains("Retry-After: ", answer, StringComparison.Ordinal);
        var call = await recorder.WaitForAsync("no-ports", CallState.Failed);
        Assert.Equal(EndReason.Rejected, call.EndReason);
        Assert.Empty(call.Takes);
        Assert.Contains(CallFlags.NotCaptured, call.Flags);
        var leaf = Assert.Single(
            await GapsAsync(recorder), text => text.Contains("\"reason\":\"notCaptured\"", StringComparison.Ordinal));
        Assert.Contains(call.Id.ToString(), leaf, StringComparison.Ordinal);
        Assert.Contains("PortsExhausted", leaf, StringComparison.Ordinal);
        Assert.Empty(await recorder.SearchAsync("state=active"));
    }

    [Fact]
    public async Task Invite_while_no_port_is_free_is_503_before_it_is_admitted_and_leaves_a_gap()
    {
        await using var recorder = await Recorder.StartAsync(ports: 4);
        using var first = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        await first.SendAsync(first.Invite(metadata: FakeSrc.Metadata("all-ports")), Token);
        first.ToTag = FakeSrc.TagOf(await first.ReceiveAsync("SIP/2.0 200 ", Token));
        await first.SendAsync(first.Request("ACK", 1), Token);
        using var second = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        await second.SendAsync(second.Invite(metadata: FakeSrc.Metadata("too-late")), Token);
        Assert.Contains("Retry-After: ", await second.ReceiveAsync("SIP/2.0 503 ", Token), StringComparison.Ordinal);
        await second.SendAsync(second.Request("OPTIONS", 2), Token);
        await second.ReceiveAsync("SIP/2.0 503 ", Token);

        await Wait.UntilAsync(
            async () => (await GapsAsync(recorder)).Any(text =>
                text.Contains("\"reason\":\"refused\"", StringComparison.Ordinal)
                && text.Contains(second.CallId, StringComparison.Ordinal)),
            "the refused INVITE's gap leaf",
            cancellationToken: Token);
        Assert.Equal("all-ports", Assert.Single(await recorder.SearchAsync("")).SessionId);
        await first.SendAsync(first.Request("BYE", 2), Token);
        await first.ReceiveAsync("SIP/2.0 200 ", Token);
        await recorder.WaitForAsync("all-ports", CallState.Sealed);
    }

    [Fact]
    public async Task Call_whose_gateway_died_before_its_take_fails_in_the_second_round_and_can_be_rebuilt()
    {
        await using var recorder = await Recorder.StartAsync();
        var grains = recorder.Services.GetRequiredService<IGrainFactory>();
        var now = TimeProvider.System.GetUtcNow();
        var offer = new CallOffer(
            CallId.New(now), "default", "left-behind", "sip1", "100", "100", "200", CallDirection.Unknown, [], [], now);
        var admission = await grains.GetGrain<IChannelGrain>("default/sip1/100").AdmitAsync(offer);
        var housekeeping = recorder.Services.GetRequiredService<Housekeeping>();
        Assert.Equal(0, (await housekeeping.RunOnceAsync(Token)).Failed);
        Assert.Equal(1, (await housekeeping.RunOnceAsync(Token)).Failed);
        Assert.Equal(0, (await housekeeping.RunOnceAsync(Token)).Failed);
        var call = await grains.GetGrain<ICallGrain>(admission.Call.Value).GetAsync();
        Assert.Equal((CallState.Failed, EndReason.Restart), (call!.State, call.EndReason));
        Assert.NotNull(call.Evidence);
        Assert.Empty((await grains.GetGrain<IChannelGrain>("default/sip1/100").GetAsync())!.ActiveCalls);
        var (calls, unreadable) = await recorder.Services.GetRequiredService<ReadModelRebuild>()
            .RunAsync("default", progress: null, Token);
        Assert.Equal((1, 0), (calls, unreadable));
        Assert.Equal(CallState.Failed, Assert.Single(await recorder.SearchAsync("state=failed")).State);
    }

    private static async Task<IReadOnlyList<string>> GapsAsync(Recorder recorder)
    {
        var ledger = recorder.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default");
        return
        [
            .. (await ledger.ReadAsync(0)).Where(leaf => leaf.Kind == LedgerEventKind.Gap)
                .Select(leaf => Encoding.UTF8.GetString(leaf.Body)),
        ];
    }
}
