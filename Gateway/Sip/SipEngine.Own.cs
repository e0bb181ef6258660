using System.Text;
using Talreg.Sip.Dialogs;
using Talreg.Sip.Messages;
using Talreg.Sip.Transactions;

namespace Talreg.Sip;

/// <summary>
/// Requests of ours within a session: snapshot requests (RFC 7866 §9.2) and refreshes (RFC 4028 §10).
/// </summary>
internal sealed partial class SipEngine
{
    /// <summary>
    /// How long a change of ours waits when the client is in the middle of one of its own (RFC 3261 §14.1).
    /// </summary>
    private static readonly TimeSpan GlareWait = TimeSpan.FromSeconds(1);

    private static readonly string SnapshotBoundary = "snapshot-" + NewToken();

    /// <summary>Asks for a full metadata snapshot; a client that cannot give one is not asked.</summary>
    public void RequestSnapshot(string dialogId, string reason)
    {
        if (_dialogsById.TryGetValue(dialogId, out var dialog))
        {
            dialog.SnapshotReason = reason;
            AskSnapshot(dialog);
        }
    }

    /// <summary>
    /// Asks now if a reason stands and nothing else is under way; otherwise the end of that asks again.
    /// </summary>
    private void AskSnapshot(Dialog dialog)
    {
        if (dialog.SnapshotReason is not { } reason || IsBusy(dialog))
        {
            return;
        }

        dialog.SnapshotReason = null;
        if (!dialog.Client.TakesSnapshotRequest || dialog.SnapshotRequests >= Options.Limits.MaxSnapshotRequests)
        {
            return;
        }

        dialog.SnapshotRequests++;
        Change(dialog, WriteSnapshotRequest(dialog, reason), outcome =>
        {
            // A client that does not answer this may be sending media all the same: only 481 says that it is not.
            var isLost = outcome.Status == 481;
            OnChangeOutcome(dialog, outcome, isLost, () =>
            {
                dialog.SnapshotReason = reason;
                AskSnapshot(dialog);
            });
        });
    }

    private static bool IsBusy(Dialog dialog) =>
        dialog.IsEnded || dialog.IsChanging || !dialog.IsConfirmed || dialog.Pending is not null
        || dialog.Unacked is not null;

    private static OwnRequest WriteSnapshotRequest(Dialog dialog, string reason)
    {
        const string Type = "application/rs-metadata-request";
        const string Disposition = "Content-Disposition: recording-session\r\n";
        var document = $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <requestsnapshot xmlns="urn:ietf:params:xml:ns:recording:1">
              <requestreason xml:lang="en">{System.Security.SecurityElement.Escape(reason)}</requestreason>
            </requestsnapshot>
            """.ReplaceLineEndings("\r\n");
        const string Headers = "Require: siprec\r\n" + AllowHeader;
        if (dialog.Client.TakesUpdate)
        {
            return new OwnRequest(SipMethods.Update)
            {
                Headers = Headers + Disposition, ContentType = Type, Body = Encoding.UTF8.GetBytes(document),
            };
        }

        // A re-INVITE that says what was agreed before: media goes on as it is.
        var body = new StringBuilder()
            .Append("--").Append(SnapshotBoundary).Append("\r\nContent-Type: application/sdp\r\n\r\n")
            .Append(Encoding.UTF8.GetString(dialog.Answers.Last))
            .Append("\r\n--").Append(SnapshotBoundary).Append("\r\nContent-Type: ").Append(Type).Append("\r\n")
            .Append(Disposition).Append("\r\n").Append(document)
            .Append("\r\n--").Append(SnapshotBoundary).Append("--\r\n");
        return new OwnRequest(SipMethods.Invite)
        {
            Headers = Headers, ContentType = "multipart/mixed;boundary=" + SnapshotBoundary,
            Body = Encoding.UTF8.GetBytes(body.ToString()),
        };
    }

    private void Refresh(Dialog dialog, SessionTimerRequest timer)
    {
        if (IsBusy(dialog))
        {
            // The change under way may refresh the session itself; if not, the turn comes again.
            dialog.RefreshTimer = Timers.Start(GlareWait, () => Refresh(dialog, timer));
            return;
        }

        var headers = timer.RequestHeaders() + SupportedHeader + AllowHeader
            + (timer.ClientKnows ? "Require: timer\r\n" : "");
        var request = dialog.Client.TakesUpdate
            ? new OwnRequest(SipMethods.Update) { Headers = headers }
            : new OwnRequest(SipMethods.Invite)
            {
                Headers = headers, ContentType = "application/sdp", Body = dialog.Answers.Last,
            };
        Change(dialog, request, outcome =>
        {
            if (outcome.IsSuccess)
            {
                // A client that knows no timer repeats no header; the proxy that wanted one still counts on us.
                var answer = SessionTimerRequest.ReadAnswer(outcome.Response);
                RestartSessionTimer(dialog, answer.Interval is null && !timer.ClientKnows ? timer : answer);
                AskSnapshot(dialog);
            }
            else if (outcome.Status == 422 && TryReadMinimum(outcome.Response, out var minimum)
                && minimum > timer.Interval)
            {
                Refresh(dialog, timer with { Interval = minimum });
            }
            else
            {
                OnChangeOutcome(dialog, outcome, outcome.IsDialogGone, () => Refresh(dialog, timer));
            }
        });
    }

    private static bool TryReadMinimum(SipMessage? response, out TimeSpan minimum)
    {
        minimum = default;
        var isThere = response is not null && response.TryGet(HeaderName.MinSe, out var value)
            && SipText.TryReadNumber(value, out var seconds) && seconds <= 86_400
            && (minimum = TimeSpan.FromSeconds(seconds)) > TimeSpan.Zero;
        return isThere;
    }

    /// <summary>Sends a re-INVITE or UPDATE; one at a time.</summary>
    private void Change(Dialog dialog, OwnRequest request, Action<ClientOutcome> completed)
    {
        dialog.IsChanging = true;
        dialog.IsOffering = request.Method == SipMethods.Invite;
        Send(dialog, request, outcome =>
        {
            dialog.IsChanging = false;
            dialog.IsOffering = false;
            if (!dialog.IsEnded)
            {
                completed(outcome);
            }
        });
    }

    /// <summary>What every answer to a change of ours may mean (RFC 3261 §12.2.1.2, §14.1).</summary>
    private void OnChangeOutcome(Dialog dialog, ClientOutcome outcome, bool isLost, Action again)
    {
        if (outcome.Status == 491)
        {
            _ = Timers.Start(GlareWait, () =>
            {
                if (!dialog.IsEnded)
                {
                    again();
                }
            });
        }
        else if (isLost)
        {
            // Only this session is over: what it stored is sealed by its end.
            End(dialog, SessionEnd.ClientLost);
            SendBye(dialog, null);
        }
        else
        {
            AskSnapshot(dialog);
        }
    }

    /// <summary>Sends a request of ours in a dialog over where the client's last came from, or by its route.</summary>
    private void Send(Dialog dialog, OwnRequest request, Action<ClientOutcome> completed)
    {
        var branch = ViaHeader.MagicCookie + NewToken();
        var flow = NextHop.Find(dialog.Flow, dialog.RouteSet, dialog.RemoteTarget);
        var bytes = dialog.Write(request, branch, out var cseq);
        IClientTransaction transaction = request.Method == SipMethods.Invite
            ? new InviteClientTransaction(
                this, branch, flow, bytes, status => WriteAck(dialog, status, branch, cseq), completed)
            : new ClientTransaction(this, branch, flow, bytes, completed);
        _clientTransactions.Add(branch, transaction);
        transaction.Start();
    }

    // The ACK of a success is a transaction of its own, that of a failure belongs to the INVITE's.
    private static byte[] WriteAck(Dialog dialog, int status, string branch, uint cseq) =>
        dialog.WriteAck(status < 300 ? ViaHeader.MagicCookie + NewToken() : branch, cseq);
}
