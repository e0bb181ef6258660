using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Talreg.Benchmarks.Processes;

namespace Talreg.Benchmarks.Sip;

/// <summary>The real recorder, all in one, on one processor and a data folder of its own.</summary>
internal sealed partial class RecorderProcess : IAsyncDisposable
{
    /// <summary>Where a Release build puts it, seen from the repository's root.</summary>
    public const string DefaultProgram = "artifacts/bin/Talreg.Silo/release/talreg.dll";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _folder;
    private readonly HttpClient _http = new();

    private RecorderProcess(Process process, string folder) => (_process, _folder) = (process, folder);

    /// <summary>Where it hears SIP over UDP.</summary>
    public IPEndPoint Sip { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Processor time it has used so far.</summary>
    public TimeSpan Cpu => ProcessClock.Read(_process.Id);

    /// <summary>Starts it and waits until it records.</summary>
    public static async Task<RecorderProcess> StartAsync(string program, int processor)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-benchmark-").FullName;
        string[] words =
        [
            "-c", $"{processor}", "dotnet", program, "all", "--data", folder, "--sip", "127.0.0.1:0",
            "--http", "127.0.0.1:0", "--rtp-ports", "20000-59999",
        ];
        var process = Process.Start(new ProcessStartInfo("taskset", words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var recorder = new RecorderProcess(process, folder);
        await recorder.ReadyAsync().WaitAsync(Patience).ConfigureAwait(false);
        return recorder;
    }

    /// <summary>Waits until every take that ended is sealed, or until the time is up.</summary>
    /// <returns>How long that took, and how many are left.</returns>
    public async Task<(TimeSpan Took, int Left)> SealedAsync(TimeSpan within)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        int left;
        while ((left = await UnsealedAsync().ConfigureAwait(false)) > 0
            && Stopwatch.GetElapsedTime(started) < within)
        {
            await timer.WaitForNextTickAsync().ConfigureAwait(false);
        }

        return (Stopwatch.GetElapsedTime(started), left);
    }

    private async Task<int> UnsealedAsync() =>
        (int)(await MetricAsync("talreg_takes_unsealed").ConfigureAwait(false)
            + await MetricAsync("talreg_sessions").ConfigureAwait(false));

    /// <summary>A metric without labels.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = await _http.GetStringAsync(new Uri("metrics", UriKind.Relative)).ConfigureAwait(false);
        var line = text.Split('\n').First(one => one.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line.AsSpan(name.Length + 1), CultureInfo.InvariantCulture);
    }

    /// <summary>Ends it in order and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var stop = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ReadyAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (Recording().Match(line) is { Success: true } found)
            {
                Sip = IPEndPoint.Parse(found.Groups["sip"].Value);
                _http.BaseAddress = new Uri(found.Groups["http"].Value);
                _ = DrainAsync();
                return;
            }
        }

        throw new BenchmarkException("The recorder ended without recording.");
    }

    // Its log goes there: an unread pipe would stop it.
    private async Task DrainAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is not null)
        {
        }
    }

    [GeneratedRegex("^Recording\\. SIP on (?<sip>[0-9.:]+)/UDP .* API on (?<http>http://.+)$", RegexOptions.None, 1000)]
    private static partial Regex Recording();
}
