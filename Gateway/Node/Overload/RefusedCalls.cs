using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;
using Talreg.Sip;

namespace Talreg.Gateway.Overload;

/// <summary>
/// Puts every INVITE that was answered 503 into the ledger as a gap: a call that was not recorded must not leave less trace than
/// one that was. A ledger that does not answer is asked again; what does not fit the queue is written as a number.
/// </summary>
/// <remarks><see cref="Note"/> returns at once and may be called on any thread.</remarks>
internal sealed class RefusedCalls(
    GatewayOptions options, IGrainFactory grains, TimeProvider clock, ILogger<RefusedCalls> logger) : IAsyncDisposable
{
    /// <summary>The most refusals that wait for the ledger, each for a leaf of its own.</summary>
    public const int MaxWaiting = 4096;

    private const int PerRound = 32;
    private const int Unavailable = 503;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Channel<Refused> _waiting = Channel.CreateBounded<Refused>(MaxWaiting);
    private readonly CancellationTokenSource _stopping = new();
    private Task _writing = Task.CompletedTask;
    private long _total;
    private long _unnamed;

    /// <summary>INVITEs answered 503 since the start.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Starts to write leaves.</summary>
    public void Start() => _writing = Task.Run(WriteAsync);

    /// <summary>Notes a refusal, if it is a call that was turned away.</summary>
    public void Note(SipRefusal refusal)
    {
        if (refusal is not { Status: Unavailable, Method: "INVITE" })
        {
            return;
        }

        Interlocked.Increment(ref _total);
        if (!_waiting.Writer.TryWrite(new Refused(Guid.CreateVersion7(), clock.GetUtcNow(), refusal.CallId, 1)))
        {
            Interlocked.Increment(ref _unnamed);
        }
    }

    /// <summary>Takes no more and waits until the ledger has those that wait, or until the time is up.</summary>
    public async Task DrainAsync(TimeSpan within)
    {
        _waiting.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(within, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            logger.RefusedCallsUnwritten(_waiting.Reader.Count + Interlocked.Read(ref _unnamed));
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task WriteAsync()
    {
        var round = new List<Refused>(PerRound + 1);
        while (await _waiting.Reader.WaitToReadAsync(_stopping.Token).ConfigureAwait(false))
        {
            while (round.Count < PerRound && _waiting.Reader.TryRead(out var refused))
            {
                round.Add(refused);
            }

            AddUnnamed(round);
            await AppendAsync(round).ConfigureAwait(false);
            round.Clear();
        }

        AddUnnamed(round);
        await AppendAsync(round).ConfigureAwait(false);
    }

    private void AddUnnamed(List<Refused> round)
    {
        var invites = Interlocked.Exchange(ref _unnamed, 0);
        if (invites > 0)
        {
            round.Add(new Refused(Guid.CreateVersion7(), clock.GetUtcNow(), SipCallId: null, invites));
        }
    }

    private async Task AppendAsync(List<Refused> round)
    {
        var ledger = grains.GetGrain<ILedgerGrain>(options.Tenant);
        while (true)
        {
            try
            {
                // The key makes a leaf that was written and not heard of the same one again.
                await Task.WhenAll(round.Select(one => ledger.AppendAsync(Leaf(one)))).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
            {
                logger.RefusedCallsWait(round.Count, RetryAfter, e);
            }

            await Task.Delay(RetryAfter, clock, _stopping.Token).ConfigureAwait(false);
        }
    }

    private LedgerEvent Leaf(Refused refused) => new(
        LedgerEventKind.Gap,
        $"refused/{refused.Id:D}",
        refused.At,
        CanonicalJson.Write(new JsonObject
        {
            ["tenant"] = options.Tenant,
            ["call"] = null,
            ["take"] = null,
            ["stream"] = null,
            ["from"] = refused.At.ToUnixTimeMilliseconds(),
            ["to"] = refused.At.ToUnixTimeMilliseconds(),
            ["reason"] = "refused",
            ["packets"] = null,
            ["gateway"] = options.Gateway,
            ["interface"] = options.Interface,
            ["sipCallId"] = refused.SipCallId,
            ["invites"] = refused.Invites,
        }));

    private sealed record Refused(Guid Id, DateTimeOffset At, string? SipCallId, long Invites);
}
