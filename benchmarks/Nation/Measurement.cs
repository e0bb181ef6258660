using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Talreg.Benchmarks.Capture;
using Talreg.Benchmarks.Memory;
using Talreg.Benchmarks.Processes;
using Talreg.Benchmarks.Recorder;
using Talreg.Benchmarks.Seal;
using Talreg.Benchmarks.State;
using Talreg.Evidence.Ledger;

namespace Talreg.Benchmarks.Nation;

/// <summary>Measures the inputs, one after the other, in about half a minute.</summary>
internal static class Measurement
{
    private const int Ports = 4_000;
    private const double Seconds = 5;
    private const int GrainWriters = 128;
    private const int GrainWrites = 20_000;
    private const int GrainBatch = 1024;
    private const int LedgerBatches = 20;
    private const int SealRounds = 1;
    private const int SealCalls = 500;
    private const int SealPackets = 1_000_000;
    private const int SealBatch = 64;
    private const int BlockBytes = 256 * 1024;
    private const long FileBytes = 1L << 30;

    private static readonly TimeSpan CommitInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DiskTime = TimeSpan.FromSeconds(3);

    internal static async Task<Figures> RunAsync()
    {
        var figures = new Figures();
        var folder = Directory.CreateTempSubdirectory("talreg-nation-").FullName;
        try
        {
            await CaptureAsync(figures, folder).ConfigureAwait(false);
            await SealAsync(figures, folder).ConfigureAwait(false);
            var (_, resident) = await MemoryVerb.MeasureAsync(MemoryVerb.DefaultCalls).ConfigureAwait(false);
            figures.Add(Figures.CallMemory, resident, "memory");
            figures.Add(Figures.DiskBytes, Disk(folder), "nation --measure");
            figures.Add(Figures.LedgerLeaves, Ledger(folder), "nation --measure");
            figures.Add(
                Figures.GrainWrites,
                await StateVerb.MeasureAsync(GrainWriters, GrainBatch, GrainWrites).ConfigureAwait(false),
                "state");
            var perCall = await PerCall.MeasureAsync(
                Directory.CreateDirectory(Path.Combine(folder, "calls")).FullName).ConfigureAwait(false);
            figures.Add(Figures.WritesPerCall, perCall.Writes, "nation --measure");
            figures.Add(Figures.LeavesPerCall, perCall.Leaves, "nation --measure");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return figures;
    }

    private static async Task CaptureAsync(Figures figures, string folder)
    {
        var network = await NetworkNamespace.TryCreateAsync().ConfigureAwait(false);
        try
        {
            var place = Directory.CreateDirectory(Path.Combine(folder, "capture")).FullName;
            var scenario = Scenario.OfPorts(Ports);
            var method = ReceiveMethods.Names[^1];
            var result = await RecorderCompetitor.Ours("ours", method, RecorderVerb.Engine)
                .RunAsync(new Trial(scenario, Seconds, place, network)).ConfigureAwait(false);
            var command = $"capture --ports {Ports}, {method}";
            figures.Add(Figures.CaptureCpu, result.CpuPerMillion, command);
            figures.Add(Figures.JournalBytes, result.BytesPerPacket, command);
        }
        finally
        {
            if (network is not null)
            {
                await network.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    // Calls that end side by side, the first ones to warm up.
    private static async Task SealAsync(Figures figures, string folder)
    {
        var round = default(SealRound);
        for (var i = 0; i <= SealRounds; i++)
        {
            round = await SealRound.MeasureAsync(
                Directory.CreateDirectory(Path.Combine(folder, $"seal{i}")).FullName, SealCalls, SealPackets, SealBatch)
                .ConfigureAwait(false);
        }

        figures.Add(Figures.SealCpu, round.CpuPerMillion, "seal");
        figures.Add(Figures.RecordingBytes, (double)round.Bytes / round.Packets, "seal");
    }

    // One writer, blocks of 256 KiB, a sync every 20 ms, as the journal does it.
    private static double Disk(string folder)
    {
        using var file = File.OpenHandle(
            Path.Combine(folder, "disk"), FileMode.CreateNew, FileAccess.Write, preallocationSize: FileBytes);
        var block = RandomNumberGenerator.GetBytes(BlockBytes);
        var started = Stopwatch.GetTimestamp();
        var synced = started;
        long written = 0;
        while (Stopwatch.GetElapsedTime(started) < DiskTime)
        {
            RandomAccess.Write(file, block, written % FileBytes);
            written += BlockBytes;
            if (Stopwatch.GetElapsedTime(synced) >= CommitInterval)
            {
                FileSync.Sync(file);
                synced = Stopwatch.GetTimestamp();
            }
        }

        FileSync.Sync(file);
        return written / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Ledger(string folder)
    {
        using var log = LogFiles.Open(Path.Combine(folder, "ledger"), null);
        var body = Encoding.UTF8.GetBytes($"{{\"text\":\"{new string('x', 500)}\"}}");
        var started = Stopwatch.GetTimestamp();
        for (var batch = 0; batch < LedgerBatches; batch++)
        {
            log.Append([.. Enumerable.Range(0, LogFiles.MaxBatch).Select(i => Item(log.Head.Size + i, body))]);
        }

        return LedgerBatches * LogFiles.MaxBatch / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static LogItem Item(long index, byte[] body)
    {
        var opening = LedgerOpening.Create(body);
        return new LogItem(
            new LedgerEntry(LedgerEntryType.Seal, index, index, opening.Commitment()),
            opening,
            SHA256.HashData(BitConverter.GetBytes(index)));
    }
}
