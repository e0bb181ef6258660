using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Talreg.Contracts.Calls;
using Talreg.Gateway;
using Talreg.Silo.Demo;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>On-demand calls with a pre-buffer: a start that comes late, and one that never comes.</summary>
public sealed class PreBufferTests
{
    private const string Policy = """
        {"rules":[{"name":"sales","verdict":"onDemand","preBufferSeconds":60,"retentionDays":30,"purpose":"sales"}]}
        """;

    [Fact]
    public async Task Start_in_mid_call_records_it_from_its_first_packet_on()
    {
        await using var recorder = await Recorder.StartAsync();
        await ControlTests.ActivateAsync(recorder, Policy);
        var (placing, live) = await PlaceAsync(recorder, kept: 100);
        await ControlTests.CommandAsync(recorder, live, "start");
        var placed = await placing;
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(
            placed.Legs.Select(leg => ((long)leg.PacketsSent, 0L)),
            call.Takes[0].Streams.Select(stream => (stream.Packets, stream.Lost)));
        Assert.DoesNotContain(CallFlags.PreBufferShort, call.Flags);
        Assert.Equal(60, call.Verdicts[0].PreBufferSeconds);
    }

    [Fact]
    public async Task Call_that_ends_without_a_start_keeps_nothing()
    {
        await using var recorder = await Recorder.StartAsync();
        await ControlTests.ActivateAsync(recorder, Policy);
        var (placing, _) = await PlaceAsync(recorder, kept: 50);
        var placed = await placing;
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(0, call.Takes[0].CommittedChunks);
        Assert.All(call.Takes[0].Streams, stream => Assert.Equal(0, stream.Packets));
        var capture = recorder.Services.GetRequiredService<GatewayNode>().Counters.Capture;
        Assert.Equal((0L, 0L), (capture.Prebuffered, capture.Stored));
        Assert.Equal(placed.Legs.Sum(leg => (long)leg.PacketsSent), capture.Suppressed);
    }

    [Fact]
    public async Task Budget_that_cannot_be_locked_refuses_the_start_in_one_line()
    {
        var folder = Recorder.NewFolder();
        try
        {
            var settings = new RecorderSettings
            {
                Data = folder,
                Sip = new IPEndPoint(IPAddress.Loopback, 0),
                Http = new IPEndPoint(IPAddress.Loopback, 0),
                RtpLow = 21_000,
                RtpHigh = 21_399,
                PreBufferBytes = 1L << 40,
            };
            var refused = await Assert.ThrowsAsync<StartRefusedException>(() => RecorderHost.OpenAsync(
                settings,
                new RecorderConsole { BootstrapToken = Recorder.Token, LogLevel = LogLevel.Warning },
                TestContext.Current.CancellationToken));
            Assert.Contains("lower prebuffer-mib", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(Task<DemoCallResult> Placing, CallDocument Live)> PlaceAsync(Recorder recorder, int kept)
    {
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(8),
        });
        CallDocument? live = null;
        await Wait.UntilAsync(
            async () => (live = (await recorder.SearchAsync("state=active")).FirstOrDefault()) is { Takes.Count: 1 },
            "the on-demand call to be live");
        var gateway = recorder.Services.GetRequiredService<GatewayNode>();
        await Wait.UntilAsync(
            () => gateway.Counters.Capture.Prebuffered >= kept, $"{kept} packets to be kept");
        return (placing, live!);
    }
}
