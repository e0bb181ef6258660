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
            && !_dialogs.ContainsKey(Dialog.KeyOf(request.CallId, request.To.Tag, request.From.Tag)))
        {
            transaction.OnAck();
            return;
        }

        if (!_dialogs.TryGetValue(Dialog.KeyOf(request.CallId, request.To.Tag, request.From.Tag), out var dialog))
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
    }

    private void OnCancel(in SipFlow flow, ServerTransaction transaction)
    {
        if (!_transactions.TryGetValue(
            ServerTransaction.KeyOf(transaction.Request, SipMethods.Invite), out var invite))
        {
            Refuse(flow, transaction, 481, "Call/Transaction Does Not Exist", SipRefusalReason.NoSuchDialog);
            return;
        }

        Respond(transaction, 200, "OK");
        Terminate(invite);
    }

    private void OnInDialog(in SipFlow flow, ServerTransaction transaction)
    {
        var request = transaction.Request;
        var key = Dialog.KeyOf(request.CallId, request.To.Tag, request.From.Tag);
        if (!_dialogs.TryGetValue(key, out var dialog) || (dialog.IsEnded && request.Method != SipMethods.Bye))
        {
            Refuse(flow, transaction, 481, "Call/Transaction Does Not Exist", SipRefusalReason.NoSuchDialog);
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
                OnChange(flow, transaction, dialog);
                break;
            default:
                Respond(transaction, 200, "OK", AllowHeader);
                break;
        }
    }

    private void OnChange(in SipFlow flow, ServerTransaction transaction, Dialog dialog)
    {
        var isInvite = transaction.Request.Method == SipMethods.Invite;
        if (dialog.Pending is not null || (isInvite && dialog.Unacked is not null))
        {
            Refuse(
                flow, transaction, 500, "Server Internal Error (change pending)", SipRefusalReason.OutOfOrder,
                "Retry-After: 1\r\n");
            return;
        }

        if (!TryReadOffer(flow, transaction, out var offer, out var timer))
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
    }
}
