using System.Collections.Concurrent;

namespace Talreg.Sip.Tests;

/// <summary>Accepts everything and remembers what it was told.</summary>
internal sealed class RecordingApplication : ISipApplication
{
    private int _last;

    public ConcurrentQueue<SessionOffer> Offers { get; } = new();

    public ConcurrentQueue<string> Events { get; } = new();

    public ConcurrentQueue<SipRefusal> Refusals { get; } = new();

    /// <summary>What every acceptance asks a snapshot for.</summary>
    public string? SnapshotReason { get; set; }

    public SipHealth Health { get; set; } = SipHealth.Accepting;

    public Func<SessionOffer, CancellationToken, ValueTask<SessionAnswer>>? OnInvite { get; set; }

    public ValueTask<SessionAnswer> OnInviteAsync(SessionOffer offer, CancellationToken cancellationToken)
    {
        Offers.Enqueue(offer);
        return OnInvite?.Invoke(offer, cancellationToken)
            ?? ValueTask.FromResult(
                Accept("d" + Interlocked.Increment(ref _last), offer) with { SnapshotReason = SnapshotReason });
    }

    public ValueTask<SessionAnswer> OnReinviteAsync(
        string dialogId, SessionOffer offer, CancellationToken cancellationToken)
    {
        Offers.Enqueue(offer);
        return ValueTask.FromResult(Accept(dialogId, offer) with { SnapshotReason = SnapshotReason });
    }

    public void OnConfirmed(string dialogId) => Events.Enqueue("confirmed " + dialogId);

    public void OnEnded(string dialogId, SessionEnd end) => Events.Enqueue($"ended {dialogId} {end}");

    public void OnRefused(SipRefusal refusal) => Refusals.Enqueue(refusal);

    public static SessionAnswer Accept(string dialogId, SessionOffer offer) => SessionAnswer.Accept(
        dialogId, [.. Enumerable.Range(0, offer.Sdp?.Media.Count ?? 0).Select(i => new MediaAnswer(30_000 + (2 * i)))]);
}
