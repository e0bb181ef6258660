using System.Net;
using System.Security.Cryptography;
using Talreg.Sip.Access;
using Talreg.Sip.Dialogs;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Transactions;
using Talreg.Sip.Transport;

namespace Talreg.Sip;

/// <summary>New sessions: INVITE, the application's answer, the dialog made of it.</summary>
internal sealed partial class SipEngine
{
    private readonly Dictionary<string, Dialog> _dialogs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dialog> _dialogsById = new(StringComparer.Ordinal);

    private void OnInvite(in SipFlow flow, ServerTransaction transaction, SipPeer peer)
    {
        var request = transaction.Request;
        var health = _application.Health;
        var full = _dialogs.Count + _inviting >= Options.Limits.MaxDialogs;
        if (!health.IsAccepting || full || _isStopping)
        {
            Refuse(
                flow, transaction, 503, "Service Unavailable",
                full && !_isStopping ? SipRefusalReason.LimitReached : SipRefusalReason.NotAccepting,
                RetryAfter(health.RetryAfter));
            return;
        }

        if (peer.Digest is { } credential && !_digest.IsAuthentic(request, credential, out var challenges))
        {
            Refuse(flow, transaction, 401, "Unauthorized", SipRefusalReason.NotAuthenticated, challenges);
            return;
        }

        if (!TryFindReplaced(flow, transaction, peer, out var replaced)
            || !TryReadOffer(flow, transaction, peer, out var offer, out var timer))
        {
            return;
        }

        offer = offer! with { Replaces = replaced?.Id };
        if (offer.Sdp is null || request.FromTag is null
            || !DialogHeaders.TryReadContact(request.Message, out var target))
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

    /// <summary>Finds the session that the INVITE replaces (RFC 3891 §3); false when it was refused for that.</summary>
    private bool TryFindReplaced(in SipFlow flow, ServerTransaction transaction, SipPeer peer, out Dialog? replaced)
    {
        replaced = null;
        var message = transaction.Request.Message;
        if (message.Count(HeaderName.Replaces) == 0)
        {
            return true;
        }

        if (!ReplacesHeader.TryRead(message, out var header))
        {
            Refuse(flow, transaction, 400, "Bad Request (Replaces)", SipRefusalReason.ReplacesInvalid);
        }
        else if (!_dialogs.TryGetValue(header.Key, out var found) || found.IsEnded)
        {
            Refuse(flow, transaction, 481, "Call/Transaction Does Not Exist", SipRefusalReason.NoSuchDialog);
        }
        else if (!IsOfClient(found, flow, peer))
        {
            Refuse(flow, transaction, 403, "Forbidden", SipRefusalReason.SourceNotAllowed);
        }
        else if (header.EarlyOnly)
        {
            // A dialog of ours is never early: it begins with the 2xx.
            Refuse(flow, transaction, 486, "Busy Here", SipRefusalReason.ReplacesInvalid);
        }
        else
        {
            replaced = found;
        }

        return replaced is not null;
    }

    private void OnInviteAnswer(
        in SipFlow flow, ServerTransaction transaction, SessionOffer offer, string target, SessionTimerRequest timer,
        SessionAnswer? answer)
    {
        if (transaction.IsFinal)
        {
            if (answer is { IsAccepted: true })
            {
                NoticeEnded(
                    answer.DialogId,
                    transaction.FinalStatus == 487 ? SessionEnd.Cancel : SessionEnd.Shutdown);
            }

            return;
        }

        if (answer is not { IsAccepted: true })
        {
            RefuseByApplication(flow, transaction, answer);
            return;
        }

        var dialog = MakeDialog(flow, transaction, offer.Peer, target, answer);
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
        if (offer.Replaces is { } replaced && _dialogsById.TryGetValue(replaced, out var old))
        {
            HangUp(old, SessionEnd.Replaced, _ => { });
        }
    }

    private void AnswerInvite(ServerTransaction transaction, Dialog dialog, SessionTimerRequest timer, byte[] sdp)
    {
        Respond(transaction, 200, "OK", SessionHeaders(timer), sdp, dialog.Contact);
        dialog.Unacked?.Stop();
        dialog.Unacked = new UnackedAnswer(
            this, transaction.Flow, transaction.LastResponse, transaction.Request.CSeq, () => OnNoAck(dialog));
        RestartSessionTimer(dialog, timer);
    }

    private bool TryReadOffer(
        in SipFlow flow, ServerTransaction transaction, SipPeer peer, out SessionOffer? offer,
        out SessionTimerRequest timer)
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
            offer = offer! with { Peer = peer.Name };
            return true;
        }

        Refuse(
            flow, transaction, fault.Status,
            fault.Status == 415 ? "Unsupported Media Type" : $"Bad Request ({fault.Detail})", fault.Reason,
            fault.Status == 415 ? AcceptHeader + "Accept-Encoding: identity\r\n" : "");
        return false;
    }

    /// <summary>Asks the application; its answer, or null for a failure, comes back on the loop.</summary>
    private void Ask(
        ServerTransaction transaction, string operation, Func<CancellationToken, ValueTask<SessionAnswer>> ask,
        Action<SessionAnswer?> done)
    {
        transaction.Work = new CancellationTokenSource();
        _asking++;
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

        _post(() =>
        {
            _asking--;
            try
            {
                done(answer);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                FailAnswer(transaction, answer, exception);
            }

            CheckStopped();
        });
    }

    /// <summary>
    /// An answer that broke us: the client is not left waiting, nor the application with what it reserved.
    /// </summary>
    private void FailAnswer(ServerTransaction transaction, SessionAnswer? answer, Exception exception)
    {
        _log.WorkFailed(exception);
        Respond(transaction, 500, "Server Internal Error");
        if (transaction.IsInvitation && answer is { IsAccepted: true } && !_dialogsById.ContainsKey(answer.DialogId))
        {
            NoticeEnded(answer.DialogId, SessionEnd.AnswerInvalid);
        }
    }

    private void RefuseByApplication(in SipFlow flow, ServerTransaction transaction, SessionAnswer? answer) =>
        Refuse(
            flow, transaction, answer?.Status ?? 500,
            answer is null ? "Server Internal Error" : Clean(answer.Reason), SipRefusalReason.ApplicationRejected,
            RetryAfter(answer?.RetryAfter));

    private Dialog MakeDialog(
        in SipFlow flow, ServerTransaction transaction, string peer, string target, SessionAnswer answer)
    {
        var request = transaction.Request;
        var contact = ContactUri(flow, request.UriScheme);
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
            RemoteTag = request.FromTag!,
            LocalAddress = $"<{request.ReadTo().Uri.Text}>",
            RemoteAddress = $"<{request.ReadFrom().Uri.Text}>",
            RouteSet = DialogHeaders.ReadRoutes(request.Message),
            Answers = new SdpAnswerBuilder(BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4))),
            Flow = flow,
            Contact = $"Contact: <{contact}>;+sip.srs\r\n",
            Peer = peer,
            Client = ClientAbilities.Read(request.Message),
            SnapshotReason = answer.SnapshotReason,
            RemoteTarget = target,
            RemoteCSeq = request.CSeq,
        };
    }

    /// <summary>
    /// Our address as the client must use it; a sips request is answered with a sips Contact (§12.1.1).
    /// </summary>
    private string ContactUri(in SipFlow flow, string? scheme)
    {
        var address = new IPEndPoint(AdvertisedAddress(flow), flow.Local.Port);
        return flow.Transport.Kind switch
        {
            SipTransportKind.Udp => $"sip:{address}",
            SipTransportKind.Tcp => $"sip:{address};transport=tcp",
            _ when scheme == "sips" => $"sips:{address}",
            _ => $"sip:{address};transport=tls",
        };
    }

    private static string Clean(string reason) =>
        string.Concat(reason.Select(letter => char.IsControl(letter) ? ' ' : letter));

    private string SessionHeaders(SessionTimerRequest timer) =>
        AllowHeader + SupportedHeader + AcceptHeader + timer.AnswerHeaders();

    private IPAddress AdvertisedAddress(in SipFlow flow) => Options.AdvertisedAddress ?? flow.Local.Address;
}
