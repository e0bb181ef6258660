using System.Globalization;
using System.Text.Json.Nodes;

namespace Talreg.Benchmarks.Recorder;

/// <summary>
/// The process under measurement: records until its standard input ends. Each line it reads is answered with its counts;
/// what it prints is for <see cref="Processes.Child"/>.
/// </summary>
internal static class RecorderVerb
{
    internal const string Name = "record";
    internal const string Engine = "engine";
    internal const string Plain = "plain";

    /// <summary>The words that start it.</summary>
    internal static IEnumerable<string> Command(
        string method, string sink, int firstPort, int pairs, TimeSpan interval, string folder) =>
    [
        Environment.ProcessPath!, Name, method, sink,
        Text(firstPort), Text(pairs), Text(interval.TotalMilliseconds), folder,
    ];

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var method, var sink, var port, var count, var milliseconds, var folder])
        {
            Console.Error.WriteLine($"{Name} METHOD {Engine}|{Plain} FIRST_PORT PAIRS INTERVAL_MS FOLDER");
            return 2;
        }

        var pairs = int.Parse(count, CultureInfo.InvariantCulture);
        var interval = TimeSpan.FromMilliseconds(double.Parse(milliseconds, CultureInfo.InvariantCulture));
        var device = ReceiveMethods.Create(method, int.Parse(port, CultureInfo.InvariantCulture), pairs, interval);
        IRecorder recorder;
        if (sink == Plain)
        {
            var plain = new PlainRecorder(device, folder);
            await plain.OpenAsync(pairs).ConfigureAwait(false);
            recorder = plain;
        }
        else
        {
            recorder = await EngineRecorder.OpenAsync(device, pairs, folder).ConfigureAwait(false);
        }

        await using (recorder.ConfigureAwait(false))
        {
            Console.WriteLine("ready");
            while (await Console.In.ReadLineAsync().ConfigureAwait(false) is not null)
            {
                Print(recorder.Counts);
            }

            await recorder.FinishAsync().ConfigureAwait(false);
            Print(recorder.Counts);
        }

        return 0;
    }

    private static void Print(Recorded counts) => Console.WriteLine(new JsonObject
    {
        ["received"] = counts.Received,
        ["stored"] = counts.Stored,
        ["kernelDrops"] = counts.KernelDrops,
        ["ownDrops"] = counts.OwnDrops,
        ["bytes"] = counts.Bytes,
        ["allocated"] = GC.GetTotalAllocatedBytes(precise: false),
        ["gen0"] = GC.CollectionCount(0),
        ["gen1"] = GC.CollectionCount(1),
        ["gen2"] = GC.CollectionCount(2),
    }.ToJsonString());

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
