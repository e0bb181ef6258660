using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Talreg.Capture;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Admission;
using Talreg.Gateway.Overload;
using Talreg.Gateway.Sealing;
using Talreg.Sip;
using Talreg.Store;
using Talreg.Store.Journal;

namespace Talreg.Gateway.Sessions;

/// <summary>
/// The recording server's side of SIP sessions: each becomes an admission, a take, and in the end a seal.
/// </summary>
internal sealed partial class SrsApplication(
    GatewayOptions options,
    Admitter admitter,
    CaptureEngine capture,
    TakeJournal journal,
    SealingQueue sealing,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<SrsApplication> logger,
    RefusalLog refusals,
    RefusedCalls refusedCalls,
    LoadMonitor load) : ISipApplication, IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, RecordingSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TakeId, RecordingSession> _takes = new();
    private readonly ConcurrentDictionary<string, Task> _ending = new(StringComparer.Ordinal);
    private readonly PortReservations _ports = new(capture);
    private readonly CancellationTokenSource _stopping = new();
    private long _notCaptured;

    /// <summary>The epoch under which takes are made; set before SIP is opened.</summary>
    public long Epoch { get; set; }

    /// <summary>
    /// Takes made under this epoch, or an earlier one, are kept and flagged: another gateway owns the interface. 0 for
    /// none.
    /// </summary>
    public long StaleEpoch { get; set; }

    /// <summary>False while draining: new sessions are answered 503.</summary>
    public bool Accepting { get; set; }

    /// <inheritdoc />
    public SipHealth Health => Accepting
        && !load.IsRefusing
        && capture.FreePorts > 0
        && !journal.IsFenced
        && journal.Level < SpaceLevel.Refuse
        ? SipHealth.Accepting
        : new SipHealth(IsAccepting: false, RetryAfter);

    /// <summary>Calls that were admitted and whose take could not begin, since the start.</summary>
    public long NotCaptured => Interlocked.Read(ref _notCaptured);

    /// <summary>Sessions alive.</summary>
    public ICollection<RecordingSession> Sessions => _sessions.Values;

    /// <summary>The session that makes a take, or null.</summary>
    public RecordingSession? Find(TakeId take) => _takes.GetValueOrDefault(take);

    /// <inheritdoc />
    public async ValueTask<SessionAnswer> OnReinviteAsync(
        string dialogId, SessionOffer offer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(offer);
        if (!_sessions.TryGetValue(dialogId, out var session))
        {
            return SessionAnswer.Reject(481, "Call/Transaction Does Not Exist");
        }

        offer = MediaKeys.Admit(offer, options.SrtpKeysInClear);
        await session.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            FlagExposedKeys(session, offer);
            var before = session.Metadata;
            session.Metadata = before.Change(offer, clock.GetUtcNow());
            if (offer.Sdp is { } sdp)
            {
                await MergeMediaAsync(session, sdp, cancellationToken).ConfigureAwait(false);
            }

            MergeMetadata(session, offer, before);
            return SessionAnswer.Accept(dialogId, offer.Sdp is null ? [] : Answers(offer.Sdp, session)) with
            {
                SnapshotReason = session.Metadata.SnapshotReason,
            };
        }
        catch (CaptureRefusedException e)
        {
            logger.SessionRefused(e.Message, e);
            return SessionAnswer.Reject(503, "Service Unavailable", RetryAfter);
        }
        finally
        {
            session.Gate.Release();
        }
    }

    /// <inheritdoc />
    public void OnConfirmed(string dialogId)
    {
        // Media is stored from the answer on: some clients send before their ACK has arrived.
    }

    /// <inheritdoc />
    public void OnEnded(string dialogId, SessionEnd end)
    {
        if (_sessions.TryRemove(dialogId, out var session))
        {
            // Followed, so that an orderly stop waits for it; its failures are those of the journal, which the volume
            // reports.
            _ending[dialogId] = EndAndForgetAsync(dialogId, session, ReasonOf(end));
        }
    }

    /// <inheritdoc />
    public void OnRefused(SipRefusal refusal)
    {
        refusals.Note(refusal);
        refusedCalls.Note(refusal);
    }

    /// <summary>Closes a session's take and hands it over to be sealed. Once; again is no error.</summary>
    public async Task EndAsync(RecordingSession session, EndReason reason)
    {
        await session.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (session.Closing || session.Take is not { } take)
            {
                return;
            }

            session.Closing = true;
            if (IsStale(take))
            {
                session.Flags.Add(CallFlags.StaleEpoch);
            }

            var result = await capture.CloseTakeAsync(take, (byte)reason, CancellationToken.None).ConfigureAwait(false);
            var finished = FinishedTakes.FromCapture(session, take, result, reason, options);
            logger.TakeEnded(
                finished.Take.Id, session.Admission.Call, reason, finished.Take.Streams.Sum(s =>
                    s.Packets), finished.Take.Streams.Sum(s => s.Lost));
            await sealing.EnqueueAsync(new SealJob(finished, take.Journal, session.Reporter)).ConfigureAwait(false);
        }
        finally
        {
            _takes.TryRemove(TakeIdOf(session), out _);
            session.Gate.Release();
        }
    }

    /// <summary>Waits for the ends of sessions that are under way.</summary>
    public Task EndedAsync() => Task.WhenAll(_ending.Values);

    /// <summary>A reporter for a call.</summary>
    public ClusterReporter Reporter(CallId call) => new(call, clock, logger, _stopping.Token);

    /// <summary>A live take as the API shows it; null when it is not here.</summary>
    public TakeDocument? Read(TakeId take) => Find(take) is { Take: { } capturing } session
        ? session.Document(capturing, capture.Snapshot(capturing), options.Gateway, @sealed: false)
        : null;

    /// <summary>Sessions that record and have had no packet for longer than allowed.</summary>
    public IReadOnlyList<RecordingSession> Silent(long nowNs, TimeSpan limit) =>
    [
        .. _sessions.Values.Where(session => session is { Take: not null, Recording: true, Closing: false, Held: false }
            && nowNs - Math.Max(capture.Snapshot(session.Take).LastPacketNs, session.Facts!.StartMonotonicNs)
                > limit.TotalNanoseconds),
    ];

    /// <summary>Carries out an order once; older ones than the last are known already.</summary>
    public async Task CarryOutAsync(RecordingSession session, TakeOrder order)
    {
        await session.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (session.Closing || session.Take is not { } take || order.Revision <= session.Revision)
            {
                return;
            }

            // What may not be stored comes first. A desire that is not new is not carried out again: "off" would forget a
            // pre-buffer.
            session.Revision = order.Revision;
            if (take.DigitsStored == order.DigitsSuppressed)
            {
                await capture.SetDigitsAsync(take, !order.DigitsSuppressed, CancellationToken.None)
                    .ConfigureAwait(false);
            }

            if (order.Desire != session.Desire)
            {
                session.Desire = order.Desire;
                session.Recording = order.Desire == TakeDesire.Record;
                await capture.SetRecordingAsync(take, session.Recording, CancellationToken.None)
                    .ConfigureAwait(false);
            }

            logger.OrderCarriedOut(order.Take, order.Desire, order.Reason);
        }
        finally
        {
            session.Gate.Release();
        }

        if (order.Desire == TakeDesire.Stop)
        {
            await EndAsync(session, EndReason.Stopped).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    /// <summary>Lets the reports of all sessions end.</summary>
    public Task StopReportsAsync() => _stopping.CancelAsync();

    private bool IsStale(CaptureTake take) => (long)take.Identity.Epoch <= StaleEpoch;

    private async Task EndAndForgetAsync(string dialogId, RecordingSession session, EndReason reason)
    {
        await Task.Yield();
        try
        {
            await EndAsync(session, reason).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            logger.TakeNotClosed(TakeIdOf(session), session.Admission.Call, e);
        }
        finally
        {
            _ending.TryRemove(dialogId, out _);
        }
    }

    private static TakeId TakeIdOf(RecordingSession session) => new(session.Take?.Identity.TakeId ?? Guid.Empty);

    private static EndReason ReasonOf(SessionEnd end) => end switch
    {
        SessionEnd.Bye or SessionEnd.Replaced => EndReason.Bye,
        SessionEnd.Cancel => EndReason.Cancel,
        SessionEnd.NoAck => EndReason.MediaTimeout,
        SessionEnd.SessionTimeout or SessionEnd.ClientLost => EndReason.SessionTimeout,
        SessionEnd.LocalBye => EndReason.Stopped,
        SessionEnd.AnswerInvalid => EndReason.Rejected,
        _ => EndReason.Shutdown,
    };
}
