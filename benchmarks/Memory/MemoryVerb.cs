using System.Diagnostics;
using System.Globalization;
using Talreg.Benchmarks.LoadGenerator;
using Talreg.Benchmarks.Recorder;
using Talreg.Capture;

namespace Talreg.Benchmarks.Memory;

/// <summary><c>memory</c>: what a live call holds: managed heap, and memory resident in the process beside the kernel's.</summary>
internal static class MemoryVerb
{
    internal const string Usage = "memory [CALLS]";

    private const int FirstPort = 20000;
    private const int WarmUpCalls = 50;
    internal const int DefaultCalls = 1000;
    private const double PacketsPerSecond = 50;

    private static readonly TimeSpan Talk = TimeSpan.FromSeconds(2);

    internal static async Task<int> RunAsync(string[] args)
    {
        var calls = args is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : DefaultCalls;
        var (heap, resident) = await MeasureAsync(calls).ConfigureAwait(false);
        Console.WriteLine(Machine.Describe());
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"a live call of two streams after {Talk.TotalSeconds:0} s: {heap / 1024:0.0} KiB of managed heap, "
            + $"{resident / 1024:0.0} KiB resident"));
        return 0;
    }

    /// <summary>Bytes of a live call: on the managed heap, and resident in the process.</summary>
    internal static async Task<(double Heap, double Resident)> MeasureAsync(int calls)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-memory-").FullName;
        try
        {
            var device = ReceiveMethods.Create(
                ReceiveMethods.Scan, FirstPort, 2 * (calls + WarmUpCalls), TimeSpan.FromMilliseconds(100));
            var recorder = await EngineRecorder.OpenAsync(device, 0, folder).ConfigureAwait(false);
            await using var disposing = recorder.ConfigureAwait(false);
            await TalkAsync(recorder, WarmUpCalls).ConfigureAwait(false);
            var (heapBefore, residentBefore) = Read();
            await TalkAsync(recorder, calls).ConfigureAwait(false);
            var (heapAfter, residentAfter) = Read();
            return ((double)(heapAfter - heapBefore) / calls, (double)(residentAfter - residentBefore) / calls);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Opens calls and sends to them; they stay open.
    private static async Task TalkAsync(EngineRecorder recorder, int calls)
    {
        var takes = new List<CaptureTake>();
        for (var i = 0; i < calls; i++)
        {
            takes.Add(await recorder.OpenTakeAsync(2).ConfigureAwait(false));
        }

        using var sender = new RtpSender([.. takes.SelectMany(t => t.Ports).Select(p => (int)p.Rtp)]);
        await Task.Run(() => sender.Send(PacketsPerSecond, Talk)).ConfigureAwait(false);
    }

    private static (long Heap, long Resident) Read()
    {
        using var self = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64);
    }
}
