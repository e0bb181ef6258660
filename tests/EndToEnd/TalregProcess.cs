using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Talreg.EndToEnd.Tests;

/// <summary>The real program as a process of its own: started, signalled and read by its process id.</summary>
internal sealed partial class TalregProcess : IDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Freeze = 19;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _error;
    private RecorderClient? _client;

    private TalregProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where it hears SIP over UDP; known once it records.</summary>
    public IPEndPoint Sip { get; private set; } = new(IPAddress.None, 0);

    /// <summary>A client of its API; there once it records.</summary>
    public RecorderClient Client => _client ?? throw new InvalidOperationException("The recorder has not started.");

    /// <summary>Starts the program.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="before">A program that runs it, with its arguments; none by default.</param>
    public static TalregProcess Start(IEnumerable<string> arguments, params string[] before) =>
        Start(arguments, new Dictionary<string, string>(StringComparer.Ordinal), before);

    /// <summary>Starts the program with settings in its environment.</summary>
    public static TalregProcess Start(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, params string[] before)
    {
        string[] command = [.. before, "dotnet", Path.Combine(AppContext.BaseDirectory, "talreg.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["TALREG_BOOTSTRAP_TOKEN"] = RecorderClient.Token,
                ["TALREG_SEGMENT_MIB"] = "16",

                // Many starts and few packets: compiling in haste halves what a start costs.
                ["DOTNET_TC_QuickJit"] = "1",
            },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new TalregProcess(Process.Start(start)!);
    }

    /// <summary>Starts a recorder on free ports of loopback and waits until it records.</summary>
    public static async Task<TalregProcess> RecordAsync(string folder)
    {
        var process = Start(Recorder(folder));
        try
        {
            await process.WaitUntilRunningAsync();
            return process;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>The arguments of a recorder on loopback; port 0 takes a free one.</summary>
    public static string[] Recorder(string folder, int sip = 0, int http = 0) =>
    [
        "all",
        "--data",
        folder,
        "--sip",
        $"127.0.0.1:{sip}",
        "--http",
        $"127.0.0.1:{http}",
        "--rtp-ports",
        "34000-34099",
    ];

    /// <summary>Sends a signal.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code, and what it wrote that was not read before.</returns>
    public async Task<(int Code, string Output, string Error)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var output = await _process.StandardOutput.ReadToEndAsync(limit.Token);
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, output, await _error);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        _client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    /// <summary>Waits for a line that holds a text.</summary>
    public async Task WaitForLineAsync(string text)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The program ended without saying '{text}': {await _error}");
    }

    /// <summary>Waits until it says that it runs, and takes from its words where it is reached.</summary>
    public async Task WaitUntilRunningAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (Running().Match(line) is { Success: true } found)
            {
                Sip = found.Groups["sip"] is { Success: true, Value: var sip } ? IPEndPoint.Parse(sip) : Sip;
                _client = new RecorderClient(new Uri(found.Groups["http"].Value));
                return;
            }
        }

        Assert.Fail($"The program ended before it ran: {await _error}");
    }

    [GeneratedRegex(
        "^(Recording|Silo of cluster)\\b.*?(SIP on (?<sip>[0-9.:]+)/UDP .*)? on (?<http>http://.+)$",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Running();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
