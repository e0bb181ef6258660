using System.Diagnostics;
using System.Globalization;
using System.Text;
using Talreg.Sip;
using Talreg.Sip.Messages;

namespace Talreg.Benchmarks.Sip;

/// <summary>
/// <c>sip</c>: what reading a recording INVITE of 2 KB costs, and how many sessions one core sets up and tears down
/// over
/// loopback UDP (the application accepts at once; client and server share the core).
/// </summary>
internal static class SipVerb
{
    public const string Usage = "sip [--calls N] [--window N]";

    private const int ParseRounds = 200_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var calls = Number(args, "--calls", 20_000);
        var window = Number(args, "--window", 64);
        Parse();
        await SetUpAsync(calls, window).ConfigureAwait(false);
        return 0;
    }

    private static void Parse()
    {
        var invite = Encoding.UTF8.GetBytes(SipMessages.Invite("parse", "127.0.0.1:5070", padTo: 2_048));
        var limits = new SipLimits();
        var (perMessage, bytes) = Measure(() => SipParser.TryParse(invite, SipFraming.Datagram, limits, out _, out _));
        Console.WriteLine(Row("structure of an INVITE", invite.Length, perMessage, bytes));
        Require(SipParser.TryParse(invite, SipFraming.Datagram, limits, out var message, out _));
        (perMessage, bytes) = Measure(() => SipRequest.TryRead(message!, out _, out _));
        Console.WriteLine(Row("its mandatory headers, kept as strings", invite.Length, perMessage, bytes));
    }

    private static (TimeSpan PerMessage, long Bytes) Measure(Func<bool> parse)
    {
        for (var i = 0; i < ParseRounds / 10; i++)
        {
            Require(parse());
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();

        // Processor time: other programs on the core do not count.
        var started = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < ParseRounds; i++)
        {
            Require(parse());
        }

        var elapsed = Process.GetCurrentProcess().TotalProcessorTime - started;
        return (elapsed / ParseRounds, (GC.GetAllocatedBytesForCurrentThread() - allocated) / ParseRounds);
    }

    private static async Task SetUpAsync(int calls, int window)
    {
        var run = await SetUpRun.RunAsync(calls, window).ConfigureAwait(false);
        var (cpu, wall) = (run.Cpu.TotalSeconds, run.Elapsed.TotalSeconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Completed} of {calls} sessions set up and torn down in {wall:F2} s, {window} at once: "
            + $"{run.Completed / wall:F0}/s, {run.Completed / cpu:F0} for a second of processor time "
            + $"(client and server); INVITE to 200 p50 {run.Percentile(0.5).TotalMilliseconds:F2} ms, "
            + $"p95 {run.Percentile(0.95).TotalMilliseconds:F2} ms, "
            + $"p99 {run.Percentile(0.99).TotalMilliseconds:F2} ms"));
    }

    private static string Row(string what, int length, TimeSpan perMessage, long bytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what} ({length} bytes): {perMessage.TotalMicroseconds:F2} µs, {bytes} bytes allocated");

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
