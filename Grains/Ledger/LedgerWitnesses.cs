using Talreg.Contracts.Ledger;
using Talreg.Evidence.Witness;

namespace Talreg.Grains.Ledger;

/// <summary>The witnesses of one log. One round at a time; each witness is asked beside the others and within its own time.</summary>
internal sealed class LedgerWitnesses : IDisposable
{
    private readonly HttpClient _http;
    private readonly WitnessClient[] _clients;
    private readonly int _quorum;
    private readonly CancellationTokenSource _stopping = new();

    internal LedgerWitnesses(LedgerOptions options)
    {
        // A redirect would send the log's checkpoint to somebody nobody configured.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            Timeout = options.WitnessTimeout,
        };
        _clients = [.. options.Witnesses.Select(address => new WitnessClient(_http, address))];
        _quorum = options.WitnessQuorum;
    }

    /// <summary>Ends a round that is under way.</summary>
    internal void Stop() => _stopping.Cancel();

    /// <summary>Asks all of them.</summary>
    /// <param name="note">The checkpoint, signed by the log.</param>
    /// <param name="size">Its size.</param>
    /// <param name="prove">The consistency proof from a size to the checkpoint's; called on any thread.</param>
    /// <returns>The note with the cosignatures that came, and who gave them.</returns>
    internal async Task<(string Note, WitnessRound Round)> CollectAsync(
        string note, long size, Func<long, IReadOnlyList<byte[]>> prove)
    {
        var answers = await Task.WhenAll(
            _clients.Select(client => Task.Run(() => AskAsync(client, note, size, prove))));
        var round = new WitnessRound(
            size,
            _quorum,
            [.. answers.Where(answer => answer.Line is not null).Select(answer => answer.Name)],
            [.. answers.Where(answer => answer.Line is null).Select(a => new MissingWitness(a.Name, a.Reason))],
            CosignedSize: 0);
        return (note + string.Concat(answers.Select(answer => answer.Line)), round);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task<Answer> AskAsync(
        WitnessClient client, string note, long size, Func<long, IReadOnlyList<byte[]>> prove)
    {
        var name = client.Address.Key.Name;
        try
        {
            var line = await client.CosignAsync(note, size, prove, _stopping.Token);
            return new Answer(name, line, string.Empty);
        }
        catch (Exception error) when (error is WitnessException or OperationCanceledException)
        {
            return new Answer(name, Line: null, error.Message);
        }
    }

    private sealed record Answer(string Name, string? Line, string Reason);
}
