using Talreg.Capture;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Evidence.Chunks;
using Talreg.Gateway.Sealing;
using Talreg.Sip;
using Talreg.Store;

namespace Talreg.Gateway.Sessions;

/// <summary>A new session: admission, take, answer; or a call that ends as failed.</summary>
internal sealed partial class SrsApplication
{
    /// <inheritdoc />
    public async ValueTask<SessionAnswer> OnInviteAsync(SessionOffer offer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(offer);
        offer = MediaKeys.Admit(offer, options.SrtpKeysInClear);
        var streams = Math.Min(offer.Sdp!.Media.Count(IsRecordable), GatewayOptions.MaxStreams);
        if (streams == 0)
        {
            return SessionAnswer.Reject(488, "Not Acceptable Here");
        }

        if (!_ports.TryReserve(streams))
        {
            return SessionAnswer.Reject(503, "Service Unavailable", RetryAfter);
        }

        try
        {
            return await AdmitAsync(offer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ports.Release(streams);
        }
    }

    private async Task<SessionAnswer> AdmitAsync(SessionOffer offer, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var metadata = SessionMetadata.Begin(offer, now);
        var callOffer = OfferFacts.Read(offer, metadata, options, now);
        if (offer.MetadataFault is { } fault)
        {
            logger.MetadataUnreadable(callOffer.SessionId, fault);
        }

        // Not cancelled by a CANCEL: what the cluster admits meanwhile must be known here, to be ended.
        var admission = await admitter.AdmitAsync(callOffer, CancellationToken.None).ConfigureAwait(false);
        var dialogId = Guid.NewGuid().ToString("N");
        if (admission.Verdict.Kind == VerdictKind.Never)
        {
            var session = NewSession(dialogId, admission, callOffer, take: null, facts: null, metadata);
            _sessions[dialogId] = session;
            return SessionAnswer.Accept(dialogId, Answers(offer.Sdp!, session));
        }

        return await RecordAsync(dialogId, offer, admission, callOffer, metadata, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Begins the take of an admission. Whatever keeps it from beginning ends the call as failed.</summary>
    private async Task<SessionAnswer> RecordAsync(
        string dialogId,
        SessionOffer offer,
        Contracts.Gateways.Admission admission,
        CallOffer callOffer,
        SessionMetadata metadata,
        CancellationToken cancellationToken)
    {
        var (reason, why) = (EndReason.Rejected, "the take could not be begun");
        var begun = false;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var session = await BeginAsync(dialogId, admission, callOffer, metadata, cancellationToken)
                .ConfigureAwait(false);
            begun = true;
            FlagExposedKeys(session, offer);
            return SessionAnswer.Accept(dialogId, Answers(offer.Sdp!, session)) with
            {
                SnapshotReason = metadata.SnapshotReason,
            };
        }
        catch (Exception e) when (e is CaptureRefusedException or StoreException)
        {
            why = e is CaptureRefusedException refused ? $"{refused.Refusal}: {e.Message}" : e.Message;
            logger.SessionRefused(e.Message, e);
            return SessionAnswer.Reject(503, "Service Unavailable", RetryAfter);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            (reason, why) = (EndReason.Cancel, "the client cancelled before the take began");
            throw;
        }
        finally
        {
            if (!begun)
            {
                ReportFailure(admission, new CallFailed(
                    admission.Admitted, clock.GetUtcNow(), reason, why, options.Gateway, offer.CallId));
            }
        }
    }

    private void ReportFailure(Contracts.Gateways.Admission admission, CallFailed failed)
    {
        Interlocked.Increment(ref _notCaptured);
        logger.CallNotCaptured(admission.Call, failed.Detail);
        var call = grains.GetGrain<ICallGrain>(admission.Call.Value);
        _ = Reporter(admission.Call).ReportAsync(() => call.FailedAsync(failed));
    }

    private async Task<RecordingSession> BeginAsync(
        string dialogId,
        Contracts.Gateways.Admission admission,
        CallOffer callOffer,
        SessionMetadata metadata,
        CancellationToken cancellationToken)
    {
        var plans = metadata.Sdp!.Media.Where(IsRecordable).Take(GatewayOptions.MaxStreams)
            .Select(media => PlanOf(media)).ToList();
        var identity = new TakeIdentity
        {
            CallId = admission.Call.Value,
            TakeId = TakeId.New(callOffer.At).Value,
            Tenant = options.Tenant,
            Site = options.Site,
            Epoch = (ulong)Epoch,
        };
        var facts = new TakeFacts
        {
            Admission = admission.Admitted,
            Gateway = options.Gateway,
            Interface = options.Interface,
            StartedAt = callOffer.At,
            StartMonotonicNs = CaptureEngine.ReadClock().MonotonicNs,
            Streams = FormatsOf(plans, [.. metadata.Sdp.Media.Index().Where(media => IsRecordable(media.Item))
                .Select(media => metadata.SenderOf(media.Index))]),
        };
        var recording = admission.Verdict.Kind != VerdictKind.OnDemand;
        var flags = admission.Verdict.Autonomous ? ChunkFlags.Autonomous : ChunkFlags.None;
        var take = await capture
            .OpenTakeAsync(
                identity,
                facts.Write(identity),
                plans,
                recording,
                flags,
                TimeSpan.FromSeconds(recording ? 0 : admission.Verdict.PreBufferSeconds),
                digitsStored: !admission.DigitsSuppressed,
                cancellationToken)
            .ConfigureAwait(false);
        var session = NewSession(dialogId, admission, callOffer, take, facts, metadata);
        session.Recording = recording;
        _sessions[dialogId] = session;
        _takes[TakeIdOf(session)] = session;
        var snapshot = capture.Snapshot(take);
        var document = session.Document(take, snapshot, options.Gateway, @sealed: false);
        var started = new TakeStarted(document, callOffer.At) { Timeline = metadata.Timeline };
        session.Known = CallTransitions.Start(session.Known, started);
        logger.TakeBegan(document.Id, admission.Call, document.Streams.Count);
        var call = grains.GetGrain<ICallGrain>(admission.Call.Value);
        _ = session.Reporter.ReportAsync(() => admission.Verdict.Autonomous
            ? call.AdmittedAsync(admission.Admitted)
            : Task.CompletedTask);
        _ = session.Reporter.ReportAsync(() => call.TakeStartedAsync(started));
        return session;
    }

    private RecordingSession NewSession(
        string dialogId,
        Contracts.Gateways.Admission admission,
        CallOffer offer,
        CaptureTake? take,
        TakeFacts? facts,
        SessionMetadata metadata)
    {
        var streamOfMedia = new List<int?>();
        var senders = new List<string?>();
        foreach (var (index, media) in metadata.Sdp!.Media.Index())
        {
            var taken = IsRecordable(media) && senders.Count < GatewayOptions.MaxStreams;
            streamOfMedia.Add(taken ? senders.Count : null);
            if (taken)
            {
                senders.Add(metadata.SenderOf(index));
            }
        }

        return new RecordingSession
        {
            DialogId = dialogId,
            Admission = admission.Admitted,
            Line = offer.Line,
            Reporter = Reporter(admission.Call),
            Take = take,
            Facts = facts,
            Known = CallTransitions.Admit(null, admission.Admitted),
            Metadata = metadata,
            Senders = senders,
            StreamOfMedia = streamOfMedia,
        };
    }
}
