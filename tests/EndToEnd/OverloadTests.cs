using System.Globalization;
using System.Net;
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
        await recorder.LiveAsync();
        gateway.AddLoadSignal(new Signal("volume", shedAt: 2, refuseAt: 0.95) { Share = 0.96 });
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

    [Fact]
    public async Task Load_stops_listening_and_sealing_first_and_both_go_on_when_it_is_calm()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var recorder = await Recorder.StartAsync();
        var gateway = recorder.Services.GetRequiredService<GatewayNode>();
        var signal = new Signal("core", shedAt: 0.7, refuseAt: 2);
        gateway.AddLoadSignal(signal);
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(10),
        });
        var live = await recorder.LiveAsync();
        var path = new Uri($"api/v1/calls/{live.Id}/live", UriKind.Relative);
        using (var listening = await recorder.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancel))
        {
            signal.Share = 0.8;
            await (await listening.Content.ReadAsStreamAsync(cancel)).CopyToAsync(Stream.Null, cancel);
            Assert.False(placing.IsCompleted, "The listener must be cut off while the call goes on.");
        }

        using (var refused = await recorder.Http.GetAsync(path, cancel))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        Assert.True(gateway.IsAccepting);
        var placed = await placing;
        await Wait.UntilAsync(() => gateway.Counters.Unsealed == 1, "the call to wait for its seal");
        Assert.Equal(0, gateway.Counters.Sealed);
        signal.Share = 0;
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(
            placed.Legs.Sum(leg => (long)leg.PacketsSent), call.Takes[0].Streams.Sum(stream => stream.Packets));
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

    private sealed class Signal(string resource, double shedAt, double refuseAt) : ILoadSignal
    {
        private double _share;

        public string Resource => resource;

        public double ShedAt => shedAt;

        public double RefuseAt => refuseAt;

        public double Share
        {
            set => Volatile.Write(ref _share, value);
        }

        public double Read() => Volatile.Read(ref _share);
    }
}
