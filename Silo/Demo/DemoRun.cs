using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Spectre.Console;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Silo.Options;
using Talreg.Verify;

namespace Talreg.Silo.Demo;

/// <summary>
/// What the demo does once its recorder is up: one call, and then the questions a buyer asks, each answered through the API and
/// the verifier as anybody else would ask them.
/// </summary>
internal sealed class DemoRun : IDisposable
{
    private static readonly TimeSpan SealWithin = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;
    private readonly DemoCallOptions _options;
    private readonly RecorderSettings _settings;
    private readonly string _token;
    private readonly TextWriter _output;
    private bool _held = true;

    /// <summary>Makes a run against a recorder.</summary>
    public DemoRun(Uri http, IPEndPoint sip, RecorderSettings settings, string token, TextWriter output)
    {
        _http = new HttpClient { BaseAddress = http };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.Add("X-Talreg-Purpose", "demonstration");
        _options = new DemoCallOptions { Recorder = sip };
        _settings = settings;
        _token = token;
        _output = output;
    }

    /// <summary>Runs it.</summary>
    /// <returns>True when everything held.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var placed = await PlaceAsync(cancellationToken).ConfigureAwait(false);
        if (placed.Outcome != DemoOutcome.Completed)
        {
            Line("call", $"{placed.Outcome}: {placed.Status} {placed.Reason}", held: false);
            return false;
        }

        var call = await SealedAsync(placed.SessionId, cancellationToken).ConfigureAwait(false);
        if (call is null)
        {
            var waited = $"no sealed call of session {placed.SessionId} within {SealWithin.TotalSeconds:0} s";
            Line("seal", waited, held: false);
            return false;
        }

        Describe(call, placed);
        await ProveAsync(call, cancellationToken).ConfigureAwait(false);
        await HearAsync(call, cancellationToken).ConfigureAwait(false);
        Line("page", $"{_http.BaseAddress}  sign in with the token {_token}", held: true);
        Line("call's JSON", $"{_http.BaseAddress}api/v1/calls/{call.Id}", held: true);
        Line("metrics", $"{_http.BaseAddress}metrics", held: true);
        return _held;
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static Uri Relative(string path) => new(path, UriKind.Relative);

    private async Task<DemoCallResult> PlaceAsync(CancellationToken cancellationToken)
    {
        DemoCallResult? result = null;
        await AnsiConsole.Progress()
            .AutoClear(enabled: true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask("placing a SIPREC call", maxValue: DemoVoices.Duration.TotalSeconds);
                var progress = new Progress<DemoProgress>(now =>
                {
                    task.Description = now.Phase == DemoPhase.Talking
                        ? "two voices, in real time"
                        : now.Phase.ToString();
                    task.Value = now.Talked.TotalSeconds;
                });
                result = await new DemoSbc().PlaceAsync(_options, progress, cancellationToken).ConfigureAwait(false);
            }).ConfigureAwait(false);
        return result!;
    }

    private async Task<CallDocument?> SealedAsync(string sessionId, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SealWithin);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            do
            {
                if (await FindAsync(sessionId, limit.Token).ConfigureAwait(false) is { } call)
                {
                    return call;
                }
            }
            while (await timer.WaitForNextTickAsync(limit.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }

        return null;
    }

    // Found the way anyone would: by the caller's number, then asked of the call itself.
    private async Task<CallDocument?> FindAsync(string sessionId, CancellationToken cancellationToken)
    {
        var search = Relative($"api/v1/calls?party={Uri.EscapeDataString(_options.CallerNumber)}&limit=20");
        using var page = JsonDocument.Parse(
            await _http.GetStringAsync(search, cancellationToken).ConfigureAwait(false));
        var found = page.RootElement.GetProperty("items").Deserialize<List<CallDocument>>(TalregJson.Options)!
            .Find(call => call.SessionId == sessionId && call.State == CallState.Sealed);
        if (found is null)
        {
            return null;
        }

        var text = await _http.GetStringAsync(
            Relative($"api/v1/calls/{found.Id}"), cancellationToken).ConfigureAwait(false);
        return JsonSerializer.Deserialize<CallDocument>(text, TalregJson.Options);
    }

    private void Describe(CallDocument call, DemoCallResult placed)
    {
        var streams = call.Takes.SelectMany(take => take.Streams).ToList();
        var sent = placed.Legs.Sum(leg => leg.PacketsSent);
        var received = streams.Sum(stream => stream.Packets);
        var lost = streams.Sum(stream => stream.Lost);
        var dropped = streams.Sum(stream => stream.KernelDrops);
        var verdict = call.Verdicts[0];
        var parties = call.Participants.Select(party => $"{party.Name} <{party.Aor}>");
        Line("call", $"{call.Id} on channel {string.Join(", ", call.Channels)}", held: true);
        Line("parties", string.Join(" and ", parties), call.Participants.Count == 2);
        Line(
            "verdict",
            $"{verdict.Kind} by policy {verdict.Policy} v{verdict.Version}, {verdict.Reason}",
            verdict.Kind == VerdictKind.Record);
        Line(
            "packets",
            $"{sent} sent, {received} received, {lost} lost, {dropped} dropped by the kernel",
            sent == received && lost == 0 && dropped == 0);
        Line(
            "seal",
            $"leaf {call.Evidence?.Leaf} of the ledger, under a checkpoint of at least "
                + $"{call.Evidence?.CheckpointSize} leaves",
            call.Evidence is not null);
    }

    private async Task ProveAsync(CallDocument call, CancellationToken cancellationToken)
    {
        var evidence = Relative($"api/v1/calls/{call.Id}/evidence");
        var bundle = await _http.GetByteArrayAsync(evidence, cancellationToken).ConfigureAwait(false);
        var path = Path.Combine(_settings.Data, $"{call.Id}.zip");
        await File.WriteAllBytesAsync(path, bundle, cancellationToken).ConfigureAwait(false);
        var key = (await _http.GetStringAsync(Relative("ledger/key"), cancellationToken).ConfigureAwait(false)).Trim();
        var keyPath = Path.Combine(_settings.Data, "ledger.key");
        await File.WriteAllTextAsync(keyPath, key + "\n", cancellationToken).ConfigureAwait(false);
        if (!TrustAnchor.TryParse(key, out var anchor, out var reason))
        {
            Line("verify", $"the ledger's key cannot be read: {reason}", held: false);
            return;
        }

        var report = BundleVerifier.Verify(bundle, anchor);
        var held = report.ExitCode == 0;
        Line("verify", $"{report.Result}: {report.Checks.Count} checks. talreg verify {path} --trust {keyPath}", held);
        if (!held)
        {
            await _output.WriteLineAsync(report.Text()).ConfigureAwait(false);
        }
    }

    private async Task HearAsync(CallDocument call, CancellationToken cancellationToken)
    {
        var audio = Relative($"api/v1/calls/{call.Id}/audio");
        var wav = await _http.GetByteArrayAsync(audio, cancellationToken).ConfigureAwait(false);
        var path = Path.Combine(_settings.Data, $"{call.Id}.wav");
        await File.WriteAllBytesAsync(path, wav, cancellationToken).ConfigureAwait(false);
        Line("listen", $"{path} ({wav.Length} bytes, stereo)", wav.Length > 44);
    }

    private void Line(string what, string text, bool held)
    {
        _held &= held;
        _output.WriteLine($"{(held ? "  " : "! ")}{what,-12} {text}");
    }
}
