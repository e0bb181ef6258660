using System.Diagnostics;
using System.Globalization;

namespace Talreg.Benchmarks.Seal;

/// <summary>What it cost to make recordings of an interleaved journal, in this process.</summary>
/// <param name="Packets">In all takes.</param>
/// <param name="UserPerMillion">CPU-seconds in user mode, per million packets.</param>
/// <param name="SystemPerMillion">CPU-seconds in the kernel, per million packets.</param>
/// <param name="BytesRead">Asked of read calls, cached or not.</param>
/// <param name="Bytes">Of the recordings.</param>
/// <param name="Seconds">By the clock on the wall.</param>
internal readonly record struct SealRound(
    long Packets, double UserPerMillion, double SystemPerMillion, long BytesRead, long Bytes, double Seconds)
{
    internal double CpuPerMillion => UserPerMillion + SystemPerMillion;

    /// <summary>Fills a journal, and measures its sealing.</summary>
    internal static async Task<SealRound> MeasureAsync(string folder, int calls, int packets, int batch)
    {
        var journal = await InterleavedJournal.FillAsync(folder, calls, packets).ConfigureAwait(false);
        await using var closing = journal.ConfigureAwait(false);
        using var self = Process.GetCurrentProcess();
        var (user, system) = (self.UserProcessorTime, self.PrivilegedProcessorTime);
        var read = ReadSoFar();
        var started = Stopwatch.GetTimestamp();
        var bytes = await journal.SealAsync(batch).ConfigureAwait(false);
        var took = Stopwatch.GetElapsedTime(started);
        self.Refresh();
        var millions = journal.Packets / 1e6;
        return new SealRound(
            journal.Packets,
            (self.UserProcessorTime - user).TotalSeconds / millions,
            (self.PrivilegedProcessorTime - system).TotalSeconds / millions,
            ReadSoFar() - read,
            bytes,
            took.TotalSeconds);
    }

    // What this process asked of read calls (proc(5)).
    private static long ReadSoFar() => long.Parse(
        File.ReadLines("/proc/self/io").First(line => line.StartsWith("rchar: ", StringComparison.Ordinal))[7..],
        CultureInfo.InvariantCulture);
}
