using Talreg.Capture;
using Talreg.Contracts.Calls;
using Talreg.Gateway.Sealing;
using Talreg.Sip;
using Talreg.Sip.Sdp;

namespace Talreg.Gateway.Sessions;

/// <summary>What a re-INVITE or UPDATE changes: m-lines, parties, doubts.</summary>
internal sealed partial class SrsApplication
{
    // m-lines keep their place for the life of a session (RFC 3264 §8): those known change, those beyond join.
    private async Task MergeMediaAsync(
        RecordingSession session, SessionDescription sdp, CancellationToken cancellationToken)
    {
        if (session.Take is not { } take)
        {
            while (session.StreamOfMedia.Count < sdp.Media.Count)
            {
                session.StreamOfMedia.Add(IsRecordable(sdp.Media[session.StreamOfMedia.Count]) ? 0 : null);
            }

            return;
        }

        for (var i = 0; i < sdp.Media.Count; i++)
        {
            var media = sdp.Media[i];
            if (i < session.StreamOfMedia.Count)
            {
                if (session.StreamOfMedia[i] is { } known)
                {
                    // One that left keeps its place; what comes late on its port is not of the call any more. Nor is one
                    // that is to be SRTP and has no key.
                    var before = capture.Snapshot(take).Streams[known].Plan;
                    var plan = IsRecordable(media) ? PlanOf(media, before) : before with { Recorded = false };
                    await capture.SetStreamAsync(take, known, plan, cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            if (!IsRecordable(media) || take.Ports.Count >= GatewayOptions.MaxStreams)
            {
                session.StreamOfMedia.Add(null);
                continue;
            }

            var joined = await capture.AddStreamAsync(take, PlanOf(media), cancellationToken).ConfigureAwait(false);
            session.StreamOfMedia.Add(joined.Index);
            session.Senders.Add(session.Metadata.SenderOf(i));
        }
    }

    private void MergeMetadata(RecordingSession session, SessionOffer offer, SessionMetadata before)
    {
        if (session.Take is not { } take)
        {
            return;
        }

        if (offer.MetadataFault is { } fault)
        {
            logger.MetadataUnreadable(session.Admission.SessionId, fault);
        }

        var metadata = session.Metadata;
        if (offer.Sdp is null && metadata.SaysWhat(before))
        {
            return;
        }

        foreach (var (index, stream) in session.StreamOfMedia.Index())
        {
            if (stream is { } known)
            {
                // Who spoke there before is in the timeline; the stream names the last.
                session.Senders[known] = metadata.SenderOf(index) ?? session.Senders[known];
            }
        }

        session.Flags.UnionWith(metadata.Flags);
        ReportChange(
            session, take, capture.Snapshot(take), offer.Metadata is null ? [] : metadata.Participants);
    }

    private void ReportChange(
        RecordingSession session, CaptureTake take, TakeSnapshot snapshot, IReadOnlyList<Participant> participants)
    {
        var document = session.Document(take, snapshot, options.Gateway, @sealed: false);
        var changed = new TakeChanged(document, participants, [.. session.Flags])
        {
            Attributes = session.Metadata.Attributes,
            Timeline = session.Metadata.Timeline,
        };
        session.Known = CallTransitions.Change(session.Known, changed);
        var call = grains.GetGrain<ICallGrain>(session.Admission.Call.Value);
        _ = session.Reporter.ReportAsync(() => call.TakeChangedAsync(changed));
        var formats = FormatsOf([.. snapshot.Streams.Select(stream => stream.Plan)], session.Senders);
        _ = session.Reporter.ReportAsync(() =>
            journal.AppendEventAsync(take.Journal, TakeFacts.WriteEvent(formats, changed)).AsTask());
    }
}
