using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Talreg.Benchmarks.Processes;

/// <summary>
/// A program under measurement. Ours and the C programs say <c>ready</c>, work until their standard input ends, and answer
/// then with one line of JSON; others are told by a signal. Disposing kills it if it is still there.
/// </summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Child(ProcessStartInfo start, string? untilErrorSays)
    {
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }

            if (line.Data is null
                || (untilErrorSays is not null && line.Data.Contains(untilErrorSays, StringComparison.Ordinal)))
            {
                _started.TrySetResult();
            }
        };
        _process.Start();
        _process.BeginErrorReadLine();
    }

    /// <summary>CPU time it has used so far.</summary>
    internal TimeSpan Cpu => ProcessClock.Read(_process.Id);

    /// <summary>Starts a program on one processor.</summary>
    /// <param name="processor">Its number.</param>
    /// <param name="command">Program and words.</param>
    /// <param name="networkNamespace">Where its sockets live; null for the machine's own network.</param>
    /// <param name="untilErrorSays">What its standard error says when it is ready, for <see cref="StartedAsync"/>.</param>
    internal static Child Start(
        int processor, IEnumerable<string> command, string? networkNamespace = null, string? untilErrorSays = null)
    {
        string[] inside = networkNamespace is null ? [] : ["ip", "netns", "exec", networkNamespace];
        string[] all = [.. inside, "taskset", "-c", $"{processor}", .. command];
        return new Child(
            new ProcessStartInfo(all[0], all[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
            untilErrorSays);
    }

    /// <summary>Completes when its standard error says what it was started with, or ends.</summary>
    internal Task StartedAsync() => _started.Task.WaitAsync(Patience);

    /// <summary>One line of its output.</summary>
    /// <exception cref="BenchmarkException">It ended instead.</exception>
    internal async Task<string> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        if (await _process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false) is { } line)
        {
            return line;
        }

        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        throw new BenchmarkException($"{_process.StartInfo.FileName} ended: {Errors()}");
    }

    /// <summary>Asks for counts and gets them.</summary>
    internal async Task<JsonNode> AskAsync(string question)
    {
        await _process.StandardInput.WriteLineAsync(question).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync().ConfigureAwait(false);
        return JsonNode.Parse(await ReadLineAsync().ConfigureAwait(false))!;
    }

    /// <summary>Ends it; gives its last line.</summary>
    internal async Task<JsonNode> FinishAsync()
    {
        _process.StandardInput.Close();
        return JsonNode.Parse(await ReadLineAsync().ConfigureAwait(false))!;
    }

    /// <summary>Ends it by a signal, as at a terminal; gives what it said on standard error.</summary>
    internal async Task<string> InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return Errors();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
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
    }

    private string Errors()
    {
        lock (_errors)
        {
            return _errors.ToString();
        }
    }
}
