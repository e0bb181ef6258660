using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Talreg.Benchmarks.Sip;

namespace Talreg.Benchmarks.Restart;

/// <summary>One start of the real program on data that was made before, watched through what it says.</summary>
internal sealed partial class RestartRun
{
    private const string CallId = "restart1";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // What the program says, and what that means here.
    private static readonly (string Text, string Phase)[] Steps =
    [
        ("talreg", "first line of the log"),
        ("are read beside recording", "journal opened on a new segment, silo up"),
        ("is owned by", "interface acquired"),
        ("The journal of earlier starts is read", "old segment read, its takes found"),
        (AllSealed, "every take of the old segment sealed"),
    ];

    private const string AllSealed = "Every take of earlier starts is sealed";

    private readonly List<(string What, TimeSpan At)> _phases = [];
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>What happened, and when after the start.</summary>
    internal IReadOnlyList<(string What, TimeSpan At)> Phases => _phases;

    /// <summary>From the start of the program to the 200 of an INVITE.</summary>
    internal TimeSpan ToRecording { get; private set; }

    /// <summary>Starts the program, calls it as soon as it hears, waits until everything old is sealed, and stops it.</summary>
    internal static async Task<RestartRun> RunAsync(string folder, RestartOptions options)
    {
        var start = new ProcessStartInfo(options.Program ?? "dotnet")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["TALREG_SEGMENT_MIB"] = $"{options.SegmentMib}" },
        };
        string[] arguments =
        [
            .. options.Program is null ? [Path.Combine(AppContext.BaseDirectory, "talreg.dll")] : Array.Empty<string>(),
            "all", "--data", folder,
            "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--rtp-ports", "34000-34099",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var run = new RestartRun();
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await run.WatchAsync(process, limit.Token).ConfigureAwait(false);
            using var stop = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await process.StandardOutput.ReadToEndAsync(limit.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0
                ? run
                : throw new BenchmarkException($"The recorder ended with {process.ExitCode}.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private async Task WatchAsync(Process process, CancellationToken cancellationToken)
    {
        var next = 0;
        var calling = Task.CompletedTask;
        var isSealed = false;
        while (!isSealed || ToRecording == default)
        {
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new BenchmarkException("The recorder ended.");
            var step = Array.FindIndex(Steps, next, one => line.Contains(one.Text, StringComparison.OrdinalIgnoreCase));
            if (step >= 0)
            {
                next = step + 1;
                Note(Steps[step].Phase);
                isSealed |= Steps[step].Text == AllSealed;
            }
            else if (Recording().Match(line) is { Success: true } found)
            {
                Note("SIP open");
                calling = Task.Run(() => Call(IPEndPoint.Parse(found.Groups["sip"].Value)), cancellationToken);
            }

            if (isSealed)
            {
                await calling.ConfigureAwait(false);
            }
        }
    }

    private void Call(IPEndPoint recorder)
    {
        using var call = RecordedCall.Begin(recorder, CallId);
        ToRecording = Stopwatch.GetElapsedTime(_started);
        Note("INVITE answered 200: recording");
    }

    private void Note(string what)
    {
        lock (_phases)
        {
            _phases.Add((what, Stopwatch.GetElapsedTime(_started)));
        }
    }

    [GeneratedRegex("^Recording\\. SIP on (?<sip>[0-9.:]+)/UDP ", RegexOptions.None, 1000)]
    private static partial Regex Recording();
}
