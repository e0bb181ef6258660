using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Gateway;
using Talreg.Silo.Demo;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// A recorder's disk fills up under a running call: an alarm, then new calls are refused and declared; the running call goes
/// on to its end on the reserve, is sealed and verifies; and with space all is as before.
/// </summary>
public sealed class FullDiskTests
{
    private const string FolderVariable = "TALREG_TESTS_DISK_FOLDER";
    private const string DiskBytes = "200m";
    private const int SegmentBytes = 4 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Full_disk_alarms_refuses_new_calls_keeps_the_running_one_and_resumes()
    {
        var folder = Recorder.NewFolder();
        try
        {
            await ChildTest.RunMountedAsync(
                typeof(FullDiskTests),
                nameof(Child_fills_the_disk_of_its_recorder),
                new Dictionary<string, string>(StringComparer.Ordinal) { [FolderVariable] = folder },
                $"mount -t tmpfs -o size={DiskBytes} tmpfs '{folder}'",
                userMay: true,
                Token);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Not a test: what the process with a small disk runs.</summary>
    [Fact(Explicit = true)]
    public async Task Child_fills_the_disk_of_its_recorder()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, "only as a child of the test beside it");
        await using var recorder = await Recorder.StartAsync(
            folder, change: settings => settings with { SegmentBytes = SegmentBytes });
        var gateway = recorder.Services.GetRequiredService<GatewayNode>();
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(8),
        });
        await recorder.LiveAsync();
        await LevelAsync(recorder, 0);
        var filler = Path.Combine(folder, "filler");
        await using (var file = new FileStream(filler, FileMode.CreateNew))
        {
            await FillAsync(file, folder, 0.82);
            await LevelAsync(recorder, 1);
            Assert.True(gateway.IsAccepting, "an alarm refuses nobody");

            await FillAsync(file, folder, 0.97);
            await LevelAsync(recorder, 2);
            await AssertRefusedAsync(recorder);
            await FillAsync(file, folder, 1);
        }

        // Nothing is left but the reserve: what the call brings from now on is committed all the same.
        var committed = (await recorder.LiveAsync()).Takes[0].CommittedChunks;
        await recorder.LiveAsync((int)committed + 10);
        Assert.False(placing.IsCompleted, "The call must go on when the disk is full.");
        var placed = await placing;
        File.Delete(filler);

        await AssertSealedAsync(recorder, placed);
        await LevelAsync(recorder, 0);
        Assert.Equal(1, await MetricAsync(recorder, "talreg_calls_refused_total"));
        Assert.Equal(0, await MetricAsync(recorder, "talreg_datagrams_total{outcome=\"own_drop\"}"));
        await AssertSealedAsync(recorder, await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        }));
    }

    private static async Task AssertRefusedAsync(Recorder recorder)
    {
        using var source = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        await source.SendAsync(source.Invite(), Token);
        var answer = await source.ReceiveAsync("SIP/2.0 503", Token);
        Assert.Contains("Retry-After: ", answer, StringComparison.Ordinal);
        var ledger = recorder.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default");
        await Wait.UntilAsync(
            async () => (await ledger.ReadAsync(0)).Any(leaf => leaf.Kind == LedgerEventKind.Gap
                && Encoding.UTF8.GetString(leaf.Body).Contains("\"reason\":\"refused\"", StringComparison.Ordinal)),
            "the refused INVITE to be a leaf",
            cancellationToken: Token);
    }

    private static async Task AssertSealedAsync(Recorder recorder, DemoCallResult placed)
    {
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        var streams = Assert.Single(call.Takes).Streams;
        Assert.Equal(placed.Legs.Sum(leg => (long)leg.PacketsSent), streams.Sum(stream => stream.Packets));
        Assert.All(streams, stream => Assert.Equal((0L, 0L), (stream.Lost, stream.KernelDrops)));
        Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out _));
        var report = BundleVerifier.Verify(await recorder.EvidenceAsync(call.Id), anchor);
        Assert.True(report.ExitCode == 0, report.Text());
    }

    private static Task LevelAsync(Recorder recorder, int level) => Wait.UntilAsync(
        async () => await MetricAsync(recorder, "talreg_space_level") == level,
        $"space level {level}",
        cancellationToken: Token);

    private static async Task<long> MetricAsync(Recorder recorder, string series)
    {
        var text = await recorder.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), Token);
        var line = text.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return (long)double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }

    // Until a share of the disk is in use, the reserve counted; 1 until not a byte more goes in.
    private static async Task FillAsync(FileStream file, string folder, double share)
    {
        var disk = new DriveInfo(folder);
        var block = new byte[4096];
        try
        {
            while (disk.AvailableFreeSpace > (1 - share) * disk.TotalSize || share == 1)
            {
                await file.WriteAsync(block, Token);
                await file.FlushAsync(Token);
            }
        }
        catch (IOException e) when (share == 1)
        {
            Assert.Contains("space", e.Message, StringComparison.OrdinalIgnoreCase);
        }
    }
}
