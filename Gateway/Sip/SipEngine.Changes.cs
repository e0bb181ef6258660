using Talreg.Sip.Access;
using Talreg.Sip.Dialogs;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Transactions;
using Talreg.Sip.Transport;

namespace Talreg.Sip;

/// <summary>Requests within a session: ACK, CANCEL, BYE, re-INVITE, UPDATE.</summary>
internal sealed partial class SipEngine
{
    private void OnAck(SipRequest request)
    {
        if (_transactions.TryGetValue(ServerTransaction.KeyOf(request, SipMethods.Invite), out var transaction)
            && !_dialogs.ContainsKey(Dialog.KeyOf(request.CallId, request.ToTag, request.FromTag)))
        {
            transaction.OnAck();
            return;
        }

        if (!_dialogs.TryGetValue(Dialog.KeyOf(request.CallId, request.ToTag, request.FromTag), out var dialog))
        {
            return;
        }

        if (dialog.Unacked is not { } unacked || unacked.CSeq != request.CSeq)
        {
            transaction?.OnAck();
            return;
        }

        unacked.Stop();
        dialog.Unacked = null;
        var isFirst = !dialog.IsConfirmed;
        dialog.IsConfirmed = true;
        if (dialog.ByeAnswered is { } answered)
        {
            // Ended already: the application is told of no confirmation any more.
            Forget(dialog);
            SendBye(dialog, answered);
        }
        else if (isFirst)
        {
            Notify(nameof(ISipApplication.OnConfirmed), dialog.Id, () => _application.OnConfirmed(dialog.Id));
        }

        AskSnapshot(dialog);
    }

    private void OnCancel(in SipFlow flow, ServerTransaction transaction)
    {
        if (!_transactions.TryGetValue(
            ServerTransaction.KeyOf(transaction.Request, SipMethods.Invite), out var invite)
            || !invite.Flow.Remote.Address.Equals(flow.Remote.Address))
        {
            Refuse(flow, transaction, 481, "Call/Transaction Does Not Exist", SipRefusalReason.NoSuchDialog);
            return;
        }

        Respond(transaction, 200, "OK");
        Terminate(invite);
    }

    private void OnInDialog(in SipFlow flow, ServerTransaction transaction, SipPeer peer)
    {
        var request = transaction.Request;
        var key = Dialog.KeyOf(request.CallId, request.ToTag, request.FromTag);
        if (!_dialogs.TryGetValue(key, out var dialog) || (dialog.IsEnded && request.Method != SipMethods.Bye))
        {
            Refuse(flow, transaction, 481, "Call/Transaction Does Not Exist", SipRefusalReason.NoSuchDialog);
            return;
        }

        if (!IsOfClient(dialog, flow, peer))
        {
            Refuse(flow, transaction, 403, "Forbidden", SipRefusalReason.SourceNotAllowed);
            return;
        }

        if (request.CSeq <= dialog.RemoteCSeq)
        {
            Refuse(flow, transaction, 500, "Server Internal Error (CSeq)", SipRefusalReason.OutOfOrder);
            return;
        }

        dialog.RemoteCSeq = request.CSeq;
        dialog.Flow = flow;
        switch (request.Method)
        {
            case SipMethods.Bye:
                Respond(transaction, 200, "OK");
                End(dialog, SessionEnd.Bye);
                // It crossed a hang-up of ours that waited for the ACK: nothing is left to send.
                dialog.ByeAnswered?.Invoke(true);
                CheckStopped();
                break;
            case SipMethods.Invite or SipMethods.Update:
                OnChange(flow, transaction, dialog, peer);
                break;
            case SipMethods.Prack:
                // No provisional response of ours is reliable, so there is none that this could be for (RFC 3262 §3).
                Refuse(flow, transaction, 481, "Call/Transaction Does Not Exist", SipRefusalReason.NoSuchDialog);
                break;
            case SipMethods.Info:
                OnInfo(flow, transaction);
                break;
            default:
                Respond(transaction, 200, "OK", AllowHeader);
                break;
        }
    }

    /// <summary>Whether a request comes from the client that began the session: by name, or else by address.</summary>
    private static bool IsOfClient(Dialog dialog, in SipFlow flow, SipPeer peer) =>
        dialog.Peer == peer.Name
        && (peer.Name.Length > 0 || dialog.Flow.Remote.Address.Equals(flow.Remote.Address));

    /// <summary>Packages were never announced (RFC 6086 §4.2.2); without one a body nobody reads is told so.</summary>
    private void OnInfo(in SipFlow flow, ServerTransaction transaction)
    {
        var message = transaction.Request.Message;
        if (message.Count(HeaderName.InfoPackage) > 0)
        {
            Refuse(
                flow, transaction, 469, "Bad Info Package", SipRefusalReason.InfoPackageUnknown, "Recv-Info: \r\n");
        }
        else if (!message.Body.IsEmpty)
        {
            Refuse(
                flow, transaction, 415, "Unsupported Media Type", SipRefusalReason.MediaTypeUnsupported, AcceptHeader);
        }
        else
        {
            Respond(transaction, 200, "OK", AllowHeader);
        }
    }

    private void OnChange(in SipFlow flow, ServerTransaction transaction, Dialog dialog, SipPeer peer)
    {
        var isInvite = transaction.Request.Method == SipMethods.Invite;
        if (dialog.IsOffering && (isInvite || !transaction.Request.Message.Body.IsEmpty))
        {
            // RFC 3261 §14.2, RFC 3311 §5.2. An UPDATE of ours offers nothing, so nothing can cross it.
            Refuse(flow, transaction, 491, "Request Pending", SipRefusalReason.Glare);
            return;
        }

        if (dialog.Pending is not null || (isInvite && dialog.Unacked is not null))
        {
            Refuse(
                flow, transaction, 500, "Server Internal Error (change pending)", SipRefusalReason.OutOfOrder,
                "Retry-After: 1\r\n");
            return;
        }

        if (!TryReadOffer(flow, transaction, peer, out var offer, out var timer))
        {
            return;
        }

        if (DialogHeaders.TryReadContact(transaction.Request.Message, out var target))
        {
            dialog.RemoteTarget = target;
        }

        if (isInvite)
        {
            Respond(transaction, 100, "Trying");
        }

        if (offer!.Sdp is null && offer.RawMetadata is null)
        {
            // A refresh of the session timer: nothing for the application to decide.
            AnswerChange(transaction, dialog, timer, isInvite ? dialog.Answers.Last : null);
            return;
        }

        dialog.Pending = transaction;
        var source = flow;
        Ask(
            transaction, nameof(ISipApplication.OnReinviteAsync),
            token => _application.OnReinviteAsync(dialog.Id, offer, token),
            answer => OnChangeAnswer(source, transaction, dialog, offer, timer, answer));
    }

    private void OnChangeAnswer(
        in SipFlow flow, ServerTransaction transaction, Dialog dialog, SessionOffer offer, SessionTimerRequest timer,
        SessionAnswer? answer)
    {
        dialog.Pending = null;
        if (transaction.IsFinal)
        {
            return;
        }

        dialog.SnapshotReason = answer?.SnapshotReason ?? dialog.SnapshotReason;
        if (answer is not { IsAccepted: true })
        {
            RefuseByApplication(flow, transaction, answer);
        }
        else if (offer.Sdp is null)
        {
            var isInvite = transaction.Request.Method == SipMethods.Invite;
            AnswerChange(transaction, dialog, timer, isInvite ? dialog.Answers.Last : null);
        }
        else if (!SdpAnswerBuilder.Fits(offer.Sdp, answer.Media))
        {
            Refuse(flow, transaction, 500, "Server Internal Error", SipRefusalReason.ApplicationRejected);
        }
        else
        {
            var sdp = dialog.Answers.Write(offer.Sdp, answer.Media, AdvertisedAddress(flow));
            AnswerChange(transaction, dialog, timer, sdp);
        }
    }

    private void AnswerChange(ServerTransaction transaction, Dialog dialog, SessionTimerRequest timer, byte[]? sdp)
    {
        if (transaction.Request.Method == SipMethods.Invite)
        {
            AnswerInvite(transaction, dialog, timer, sdp ?? []);
            return;
        }

        Respond(transaction, 200, "OK", SessionHeaders(timer), sdp, dialog.Contact);
        RestartSessionTimer(dialog, timer);
        AskSnapshot(dialog);
    }
}
