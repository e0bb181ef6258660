using System.Net.Http.Headers;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;

namespace Talreg.Silo.Witness;

/// <summary>
/// Reads every log as anyone reads it, holds what it shows against what was seen before, and against what other witnesses were
/// shown: a log that shows two auditors two histories is found by either of them.
/// </summary>
internal sealed class WitnessFollower(
    WitnessOptions options, WitnessRegister register, TimeProvider clock, ILogger<WitnessFollower> logger)
    : BackgroundService
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>One round over all logs.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        using var http = NewClient(token: null);
        foreach (var followed in options.Logs)
        {
            var log = register.Find(followed.Key.Name)!;
            try
            {
                using var client = NewClient(followed.Token);
                await FollowAsync(followed, log, client, http, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                register.NoteUnreachable(log, e.Message);
            }
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Every, clock);
        do
        {
            await RunOnceAsync(stoppingToken).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    // A redirect would let a log choose who answers for it, and would carry the token there.
    private static HttpClient NewClient(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = AnswerWithin };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }

    private async Task FollowAsync(
        FollowedLog followed, WitnessedLog log, HttpClient client, HttpClient http, CancellationToken cancellationToken)
    {
        // The others first: what they have seen by now, an honest log shows when it is asked after that.
        var others = await ReadPeersAsync(log, http, cancellationToken).ConfigureAwait(false);
        var remote = new RemoteLog(client, followed.Prefix);
        var from = log.Size;
        var note = await remote.CheckpointAsync(cancellationToken).ConfigureAwait(false);
        if (!Checkpoint.TryVerify(note, log.Key, out var shown, out _))
        {
            register.Note(log, Sighting.NotSigned, followed.Prefix.ToString());
            return;
        }

        var proof = await ProveAsync(remote, from, shown.Size, cancellationToken).ConfigureAwait(false);
        register.Note(log, log.Read(note, from, proof), followed.Prefix.ToString());
        foreach (var (peer, theirs) in others)
        {
            register.NoteCompared(
                log,
                await CompareAsync(remote, log, shown, theirs, cancellationToken).ConfigureAwait(false),
                peer.ToString());
        }
    }

    private static async Task<IReadOnlyList<byte[]>> ProveAsync(
        RemoteLog remote, long from, long to, CancellationToken cancellationToken) =>
        from > 0 && from < to
            ? await remote.ConsistencyProofAsync(from, to, cancellationToken).ConfigureAwait(false)
            : [];

    private static async Task<Sighting> CompareAsync(
        RemoteLog remote, WitnessedLog log, Checkpoint shown, string theirs, CancellationToken cancellationToken)
    {
        if (!Checkpoint.TryVerify(theirs, log.Key, out var other, out _))
        {
            // Whoever answers for that witness made it up: it says nothing of the log.
            return Sighting.OldSizeDiffers;
        }

        var own = log.Size;
        if (other.Size > Math.Max(shown.Size, own))
        {
            return Sighting.Shrunk;
        }

        var proof = await ProveAsync(
            remote, Math.Min(own, other.Size), Math.Max(own, other.Size), cancellationToken).ConfigureAwait(false);
        return log.Compare(theirs, own, proof);
    }

    private async Task<List<(Uri Peer, string Note)>> ReadPeersAsync(
        WitnessedLog log, HttpClient http, CancellationToken cancellationToken)
    {
        var notes = new List<(Uri Peer, string Note)>();
        foreach (var peer in options.Peers)
        {
            try
            {
                if (await RemoteWitness.CheckpointAsync(http, peer, log.Id, cancellationToken).ConfigureAwait(false)
                    is { } note)
                {
                    notes.Add((peer, note));
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                logger.PeerUnreachable(peer, e.Message);
            }
        }

        return notes;
    }
}
