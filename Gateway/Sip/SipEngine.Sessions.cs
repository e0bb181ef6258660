using System.Net;
using System.Security.Cryptography;
using Talreg.Sip.Dialogs;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Transactions;
using Talreg.Sip.Transport;

namespace Talreg.Sip;

/// <summary>Sessions: from INVITE to the end.</summary>
internal sealed partial class SipEngine
{
    private readonly Dictionary<string, Dialog> _dialogs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dialog> _dialogsById = new(StringComparer.Ordinal);

    /// <summary>Ends a session with BYE; <paramref name="answered"/> is told whether the client answered.</summary>
    public void HangUp(string dialogId, SessionEnd end, Action<bool> answered)
    {
        if (!_dialogsById.TryGetValue(dialogId, out var dialog))
        {
            answered(true);
            return;
        }

        if (!dialog.IsConfirmed && dialog.Unacked is not null)
        {
            // No BYE before the ACK or the end of the wait for it (RFC 3261 §15).
            dialog.ByeAfterAck = () => SendBye(dialog, answered);
            Notice(dialog, end);
            return;
        }

        End(dialog, end);
        SendBye(dialog, answered);
    }

    /// <summary>Ends every session.</summary>
    public void HangUpAll()
    {
        foreach (var dialog in _dialogs.Values.ToArray())
        {
            End(dialog, SessionEnd.Shutdown);
            SendBye(dialog, _ => { });
        }
    }

    private void OnInvite(in SipFlow flow, ServerTransaction transaction)
    {
        var request = transaction.Request;
        var health = _application.Health;
        var full = _dialogs.Count + _inviting >= Options.Limits.MaxDialogs;
        if (!health.IsAccepting || full)
        {
            Refuse(
                flow, transaction, 503, "Service Unavailable",
                full ? SipRefusalReason.LimitReached : SipRefusalReason.NotAccepting, RetryAfter(health.RetryAfter));
            return;
        }

        if (!TryReadOffer(flow, transaction, out var offer, out var timer))
        {
            return;
        }

        if (offer!.Sdp is null || request.From.Tag is null || !TryReadContact(request.Message, out var target))
        {
            var status = offer.Sdp is null ? 488 : 400;
            Refuse(
                flow, transaction, status, status == 488 ? "Not Acceptable Here" : "Bad Request (From tag or Contact)",
                status == 488 ? SipRefusalReason.SdpInvalid : SipRefusalReason.Malformed);
            return;
        }

        Respond(transaction, 100, "Trying");
        _inviting++;
        var source = flow;
        Ask(
            transaction, nameof(ISipApplication.OnInviteAsync),
            token => _application.OnInviteAsync(offer, token),
            answer =>
            {
                _inviting--;
                OnInviteAnswer(source, transaction, offer, target, timer, answer);
            });
    }

    private void OnInviteAnswer(
        in SipFlow flow, ServerTransaction transaction, SessionOffer offer, string target, SessionTimerRequest timer,
        SessionAnswer? answer)
    {
        if (transaction.IsFinal)
        {
            if (answer is { IsAccepted: true })
            {
                NoticeEnded(answer.DialogId, SessionEnd.Cancel);
            }

            return;
        }

        if (answer is not { IsAccepted: true })
        {
            RefuseByApplication(flow, transaction, answer);
            return;
        }

        var dialog = MakeDialog(flow, transaction, target, answer);
        if (!SdpAnswerBuilder.Fits(offer.Sdp!, answer.Media) || _dialogsById.ContainsKey(dialog.Id)
            || !_dialogs.TryAdd(dialog.Key, dialog))
        {
            Refuse(flow, transaction, 500, "Server Internal Error", SipRefusalReason.ApplicationRejected);
            NoticeEnded(answer.DialogId, SessionEnd.AnswerInvalid);
            return;
        }

        _dialogsById.Add(dialog.Id, dialog);
        Accepted++;
        var sdp = dialog.Answers.Write(offer.Sdp!, answer.Media, AdvertisedAddress(flow));
        AnswerInvite(transaction, dialog, timer, sdp);
    }

    private void AnswerInvite(ServerTransaction transaction, Dialog dialog, SessionTimerRequest timer, byte[] sdp)
    {
        Respond(transaction, 200, "OK", SessionHeaders(timer), sdp, dialog.Contact);
        dialog.Unacked?.Stop();
        dialog.Unacked = new UnackedAnswer(
            this, transaction.Flow, transaction.LastResponse, transaction.Request.CSeq, () => OnNoAck(dialog));
        RestartSessionTimer(dialog, timer);
    }

    private void OnNoAck(Dialog dialog)
    {
        dialog.Unacked?.Stop();
        dialog.Unacked = null;
        var waiting = dialog.ByeAfterAck;
        End(dialog, SessionEnd.NoAck);
        if (waiting is null)
        {
            SendBye(dialog, _ => { });
        }
        else
        {
            waiting();
        }
    }

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
        if (dialog.ByeAfterAck is { } bye)
        {
            Forget(dialog);
            bye();
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

    /// <summary>Answers a request that is still with the application 487 and stops the work on it.</summary>
    private void Terminate(ServerTransaction transaction)
    {
        if (!transaction.IsFinal)
        {
            Respond(transaction, 487, "Request Terminated");
            transaction.Work?.Cancel();
        }
    }

    private void OnInDialog(in SipFlow flow, ServerTransaction transaction)
    {
        var request = transaction.Request;
        var key = Dialog.KeyOf(request.CallId, request.To.Tag, request.From.Tag);
        if (!_dialogs.TryGetValue(key, out var dialog) || dialog.IsEnded)
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

        if (TryReadContact(transaction.Request.Message, out var target))
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

    private bool TryReadOffer(
        in SipFlow flow, ServerTransaction transaction, out SessionOffer? offer, out SessionTimerRequest timer)
    {
        timer = SessionTimerRequest.Read(transaction.Request.Message, Options.MinSessionExpires);
        offer = null;
        if (timer.Fault != 0)
        {
            var tooSmall = timer.Fault == 422;
            Refuse(
                flow, transaction, timer.Fault,
                tooSmall ? "Session Interval Too Small" : "Bad Request (Session-Expires)",
                tooSmall ? SipRefusalReason.IntervalTooSmall : SipRefusalReason.Malformed,
                tooSmall ? $"Min-SE: {(int)Options.MinSessionExpires.TotalSeconds}\r\n" : "");
            return false;
        }

        var message = transaction.Request.Message;
        var encoded = message.TryGet(HeaderName.ContentEncoding, out var encoding)
            && !encoding.SequenceEqual("identity"u8);
        var fault = new OfferFault(415, SipRefusalReason.MediaTypeUnsupported, "Content-Encoding");
        if (!encoded && OfferReader.TryRead(transaction.Request, flow, out offer, out fault))
        {
            return true;
        }

        Refuse(
            flow, transaction, fault.Status,
            fault.Status == 415 ? "Unsupported Media Type" : $"Bad Request ({fault.Detail})", fault.Reason,
            fault.Status == 415 ? $"Accept: {AcceptedTypes}\r\nAccept-Encoding: identity\r\n" : "");
        return false;
    }

    /// <summary>Asks the application; its answer, or null for a failure, comes back on the loop.</summary>
    private void Ask(
        ServerTransaction transaction, string operation, Func<CancellationToken, ValueTask<SessionAnswer>> ask,
        Action<SessionAnswer?> done)
    {
        transaction.Work = new CancellationTokenSource();
        _ = AskAsync(transaction, operation, ask, done);
    }

    private async Task AskAsync(
        ServerTransaction transaction, string operation, Func<CancellationToken, ValueTask<SessionAnswer>> ask,
        Action<SessionAnswer?> done)
    {
        SessionAnswer? answer = null;
        try
        {
            answer = await ask(transaction.Work!.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (transaction.Work!.IsCancellationRequested)
        {
            answer = null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _log.ApplicationFailed(operation, transaction.Request.CallId, exception);
        }

        _post(() => done(answer));
    }

    private void RefuseByApplication(in SipFlow flow, ServerTransaction transaction, SessionAnswer? answer) =>
        Refuse(
            flow, transaction, answer?.Status ?? 500,
            answer is null ? "Server Internal Error" : Clean(answer.Reason), SipRefusalReason.ApplicationRejected,
            RetryAfter(answer?.RetryAfter));

    private Dialog MakeDialog(in SipFlow flow, ServerTransaction transaction, string target, SessionAnswer answer)
    {
        var request = transaction.Request;
        var transport = flow.Transport.Kind == SipTransportKind.Udp ? "" : ";transport=tcp";
        var contact = new IPEndPoint(AdvertisedAddress(flow), flow.Local.Port);
        if (answer.ToTag is { Length: > 0 } tag
            && tag.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
        {
            transaction.ToTag = tag;
        }

        return new Dialog
        {
            Id = answer.DialogId,
            CallId = request.CallId,
            LocalTag = transaction.ToTag,
            RemoteTag = request.From.Tag!,
            LocalAddress = $"<{request.To.Uri.Text}>",
            RemoteAddress = $"<{request.From.Uri.Text}>",
            RouteSet = ReadRoutes(request.Message),
            Answers = new SdpAnswerBuilder(BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4))),
            Flow = flow,
            Contact = $"Contact: <sip:{contact}{transport}>;+sip.srs\r\n",
            RemoteTarget = target,
            RemoteCSeq = request.CSeq,
        };
    }

    private static string Clean(string reason) =>
        string.Concat(reason.Select(letter => char.IsControl(letter) ? ' ' : letter));

    private static List<string> ReadRoutes(SipMessage message)
    {
        var routes = new List<string>();
        foreach (ref readonly var slot in message.Headers)
        {
            if (slot.Name == HeaderName.RecordRoute)
            {
                foreach (var route in new CommaList(message.Value(slot)))
                {
                    routes.Add(SipText.Keep(route));
                }
            }
        }

        return routes;
    }

    private static bool TryReadContact(SipMessage message, out string target)
    {
        target = "";
        if (!message.TryGet(HeaderName.Contact, out var value)
            || !SipUriParser.TryParseNameAddress(value, out var address)
            || address!.Uri.Scheme is not ("sip" or "sips"))
        {
            return false;
        }

        target = address.Uri.Text;
        return true;
    }

    private static string SessionHeaders(SessionTimerRequest timer) =>
        AllowHeader + "Supported: timer, siprec\r\nAccept: " + AcceptedTypes + "\r\n" + timer.AnswerHeaders();

    private IPAddress AdvertisedAddress(in SipFlow flow) => Options.AdvertisedAddress ?? flow.Local.Address;

    /// <summary>BYE goes out min(32 s, a third) before the interval ends (RFC 4028 §10).</summary>
    private void RestartSessionTimer(Dialog dialog, SessionTimerRequest timer)
    {
        dialog.SessionTimer?.Cancel();
        if (timer.Interval is { } interval)
        {
            var early = TimeSpan.FromSeconds(Math.Min(32, interval.TotalSeconds / 3));
            dialog.SessionTimer = Timers.Start(interval - early, () =>
            {
                End(dialog, SessionEnd.SessionTimeout);
                SendBye(dialog, _ => { });
            });
        }
    }

    private void SendBye(Dialog dialog, Action<bool> answered)
    {
        var branch = ViaHeader.MagicCookie + NewToken();
        var transaction = new ClientTransaction(
            this, branch, dialog.Flow, dialog.WriteBye(branch), status => answered(status != 408));
        _clientTransactions.Add(branch, transaction);
        transaction.Start();
    }

    /// <summary>Ends a session: out of the tables, its timers stopped, the application told once.</summary>
    private void End(Dialog dialog, SessionEnd end)
    {
        Forget(dialog);
        Notice(dialog, end);
    }

    private void Forget(Dialog dialog)
    {
        dialog.Unacked?.Stop();
        dialog.SessionTimer?.Cancel();
        _dialogs.Remove(dialog.Key);
        _dialogsById.Remove(dialog.Id);
        if (dialog.Pending is { } pending)
        {
            Terminate(pending);
        }
    }

    private void Notice(Dialog dialog, SessionEnd end)
    {
        if (!dialog.IsEnded)
        {
            dialog.IsEnded = true;
            NoticeEnded(dialog.Id, end);
        }
    }

    private void NoticeEnded(string dialogId, SessionEnd end) =>
        Notify(nameof(ISipApplication.OnEnded), dialogId, () => _application.OnEnded(dialogId, end));
}
