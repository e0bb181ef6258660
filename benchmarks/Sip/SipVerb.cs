using System.Diagnostics;
using System.Globalization;
using System.Text;
using Talreg.Sip;
using Talreg.Sip.Messages;

namespace Talreg.Benchmarks.Sip;

/// <summary>
/// <c>sip</c>: what reading a recording INVITE of 2 KB costs, and how many sessions one core sets up and tears down
/// over loopback UDP (the application accepts at once; client and server share the core). With <c>--recorder</c>: the same
/// of the whole recorder.
/// </summary>
internal static class SipVerb
{
    public const string Usage = "sip [--calls N] [--window N] | sip --recorder [PROGRAM]";

    private const int Rounds = 9;
    private const int WarmUpRounds = 5;
    private const int PerRound = 100_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var recorder = Array.IndexOf(args, "--recorder");
        if (recorder >= 0)
        {
            await RecorderRun.RunAsync(args.ElementAtOrDefault(recorder + 1) ?? RecorderProcess.DefaultProgram)
                .ConfigureAwait(false);
            return 0;
        }

        Parse();
        await SetUpAsync(new SetUpLoad(Number(args, "--calls", 20_000), Number(args, "--window", 64)))
            .ConfigureAwait(false);
        return 0;
    }

    private static void Parse()
    {
        var invite = Encoding.UTF8.GetBytes(SipMessages.Invite("parse", "127.0.0.1:5070", padTo: 2_048));
        var limits = new SipLimits();
        Report("structure of an INVITE", () => Parsed(invite, limits, read: false));
        Report("structure and mandatory headers", () => Parsed(invite, limits, read: true));

        void Report(string what, Func<bool> parse)
        {
            var (perMessage, bytes) = Measure(parse);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} ({invite.Length} bytes): {perMessage.TotalMicroseconds:F2} µs, {bytes} bytes allocated"));
        }
    }

    private static bool Parsed(byte[] invite, SipLimits limits, bool read)
    {
        var parsed = SipParser.TryParse(invite, SipFraming.Datagram, limits, out var message, out _)
            && (!read || SipRequest.TryRead(message!, out _, out _));
        message?.ReleaseBuffer();
        return parsed;
    }

    /// <summary>The median of several rounds, in processor time: other programs on the core do not count.</summary>
    private static (TimeSpan PerMessage, long Bytes) Measure(Func<bool> parse)
    {
        var rounds = new List<TimeSpan>(Rounds);
        var allocated = 0L;
        for (var round = 0; round < WarmUpRounds + Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = Process.GetCurrentProcess().TotalProcessorTime;
            for (var i = 0; i < PerRound; i++)
            {
                Require(parse());
            }

            // The first ones run code that is not compiled for good yet.
            if (round >= WarmUpRounds)
            {
                rounds.Add((Process.GetCurrentProcess().TotalProcessorTime - started) / PerRound);
                allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / PerRound;
            }
        }

        rounds.Sort();
        return (rounds[rounds.Count / 2], allocated);
    }

    private static async Task SetUpAsync(SetUpLoad load)
    {
        var server = PlainServer.Create();
        await using var disposing = server.ConfigureAwait(false);
        await server.StartAsync(CancellationToken.None).ConfigureAwait(false);
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        var run = SetUpRun.Run(server.BoundEndpoints[0].Endpoint, load);
        self.Refresh();
        var (cpu, wall) = ((self.TotalProcessorTime - before).TotalSeconds, run.Elapsed.TotalSeconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Completed} of {load.Calls} sessions set up and torn down in {wall:F2} s, {load.Window} at once: "
            + $"{run.Completed / wall:F0}/s, {run.Completed / cpu:F0} for a second of processor time "
            + $"(client and server); INVITE to 200 p50 {run.Percentile(0.5).TotalMilliseconds:F2} ms, "
            + $"p95 {run.Percentile(0.95).TotalMilliseconds:F2} ms, "
            + $"p99 {run.Percentile(0.99).TotalMilliseconds:F2} ms"));
    }

    private static void Require(bool parsed)
    {
        if (!parsed)
        {
            throw new InvalidOperationException("The benchmark's own INVITE is not read.");
        }
    }

    private static int Number(string[] args, string name, int fallback)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length
            ? int.Parse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture)
            : fallback;
    }
}
