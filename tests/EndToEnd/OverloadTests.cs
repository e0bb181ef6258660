using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Gateway;
using Talreg.Gateway.Overload;
using Talreg.Silo.Demo;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>A recorder that says it is full refuses, declares each refusal, and counts; calls it has go on.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task Overload_answers_503_each_refused_invite_is_a_leaf_and_running_calls_lose_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var recorder = await Recorder.StartAsync();
        var gateway = recorder.Services.GetRequiredService<GatewayNode>();
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(3),
        });
        await ControlTests.LiveAsync(recorder);
        gateway.AddLoadSignal(new FullVolume());
        await Wait.UntilAsync(() => !gateway.IsAccepting, "new calls to be refused", cancellationToken: cancel);

        using var source = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, cancel);
        await source.SendAsync(source.Invite(), cancel);
        var answer = await source.ReceiveAsync("SIP/2.0 503", cancel);
        Assert.Contains("Retry-After: ", answer, StringComparison.Ordinal);

        var ledger = recorder.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default");
        await Wait.UntilAsync(
            async () => (await ledger.ReadAsync(0)).Any(leaf => leaf.Kind == LedgerEventKind.Gap
                && Encoding.UTF8.GetString(leaf.Body).Contains(
                    "\"reason\":\"refused\",\"sipCallId\"", StringComparison.Ordinal)),
            "the refused INVITE to be a leaf",
            cancellationToken: cancel);

        var placed = await placing;
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        var sent = placed.Legs.Sum(leg => (long)leg.PacketsSent);
        Assert.Equal(sent, call.Takes[0].Streams.Sum(stream => stream.Packets));
        AssertMetrics(
            await recorder.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), cancel), sent);
    }

    private static void AssertMetrics(string text, long sent)
    {
        var outcomes = new[] { "stored", "suppressed", "own_drop", "invalid", "unrouted" };
        var received = Value(text, "talreg_datagrams_received_total");
        Assert.Equal(
            received,
            outcomes.Sum(outcome => Value(text, $"talreg_datagrams_total{{outcome=\"{outcome}\"}}"))
                + Value(text, "talreg_prebuffered_datagrams"));
        Assert.Equal(sent, received + Value(text, "talreg_datagrams_total{outcome=\"kernel_drop\"}"));
        Assert.Equal(1, Value(text, "talreg_calls_refused_total"));
        Assert.Equal(1, Value(text, "talreg_overload{measure=\"refuse\"}"));
        foreach (var where in new[] { "udp_in_errors", "udp_receive_buffer", "softnet", "nic" })
        {
            Assert.True(Value(text, $"talreg_host_dropped_packets_total{{where=\"{where}\"}}") >= 0);
        }
    }

    private static long Value(string text, string series)
    {
        var line = text.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return (long)double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }

    private sealed class FullVolume : ILoadSignal
    {
        public string Resource => "volume";

        public double ShedAt => 2;

        public double RefuseAt => 0.95;

        public double Read() => 0.96;
    }
}
