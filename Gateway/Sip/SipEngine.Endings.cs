using Talreg.Sip.Dialogs;
using Talreg.Sip.Messages;
using Talreg.Sip.Transactions;

namespace Talreg.Sip;

/// <summary>How sessions end: BYE of ours, timers, the server's stop.</summary>
internal sealed partial class SipEngine
{
    private Action? _stopped;
    private bool _isStopping;
    private int _openByes;

    /// <summary>Ends a session with BYE; <paramref name="answered"/> is told whether the client answered.</summary>
    public void HangUp(string dialogId, SessionEnd end, Action<bool> answered)
    {
        if (_dialogsById.TryGetValue(dialogId, out var dialog))
        {
            HangUp(dialog, end, answered);
        }
        else
        {
            answered(true);
        }
    }

    /// <summary>
    /// Takes no more sessions, withdraws the INVITEs that are with the application and ends every session.
    /// <paramref name="stopped"/> is called once when each BYE is answered and the application has nothing in hand.
    /// </summary>
    public void Stop(Action stopped)
    {
        _isStopping = true;
        _stopped = stopped;
        foreach (var transaction in _transactions.Values.Where(one => one.IsInvitation && !one.IsFinal).ToArray())
        {
            Respond(transaction, 503, "Service Unavailable", RetryAfter(_application.Health.RetryAfter));
            CancelWork(transaction);
        }

        foreach (var dialog in _dialogs.Values.ToArray())
        {
            HangUp(dialog, SessionEnd.Shutdown, _ => { });
        }

        CheckStopped();
    }

    /// <summary>The stop waits no longer: sessions whose ACK is still missing get their BYE all the same.</summary>
    public void Abandon()
    {
        _stopped = null;
        foreach (var dialog in _dialogs.Values.ToArray())
        {
            End(dialog, SessionEnd.Shutdown);
            SendBye(dialog, dialog.ByeAnswered);
        }
    }

    private void HangUp(Dialog dialog, SessionEnd end, Action<bool> answered)
    {
        if (dialog.IsConfirmed || dialog.Unacked is null)
        {
            End(dialog, end);
            SendBye(dialog, answered);
            return;
        }

        // No BYE before the ACK or the end of the wait for it (RFC 3261 §15); until then the 2xx is resent.
        dialog.ByeAnswered += answered;
        dialog.SessionTimer?.Cancel();
        dialog.RefreshTimer?.Cancel();
        TerminatePending(dialog);
        Notice(dialog, end);
    }

    private void OnNoAck(Dialog dialog)
    {
        End(dialog, SessionEnd.NoAck);
        SendBye(dialog, dialog.ByeAnswered);
    }

    /// <summary>
    /// BYE goes out min(32 s, a third) before the interval ends; where the refresh is ours it goes out at half of it
    /// (RFC 4028 §10).
    /// </summary>
    private void RestartSessionTimer(Dialog dialog, SessionTimerRequest timer)
    {
        dialog.SessionTimer?.Cancel();
        dialog.RefreshTimer?.Cancel();
        if (timer.Interval is not { } interval)
        {
            return;
        }

        var early = TimeSpan.FromSeconds(Math.Min(32, interval.TotalSeconds / 3));
        dialog.SessionTimer = Timers.Start(interval - early, () =>
        {
            End(dialog, SessionEnd.SessionTimeout);
            SendBye(dialog, null);
        });
        dialog.RefreshTimer = timer.IsOurs ? Timers.Start(interval / 2, () => Refresh(dialog, timer)) : null;
    }

    private void SendBye(Dialog dialog, Action<bool>? answered)
    {
        _openByes++;
        Send(dialog, new OwnRequest(SipMethods.Bye), outcome =>
        {
            _openByes--;
            answered?.Invoke(outcome.Status != ClientOutcome.NoAnswer);
            CheckStopped();
        });
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
        dialog.Unacked = null;
        dialog.SessionTimer?.Cancel();
        dialog.RefreshTimer?.Cancel();
        _dialogs.Remove(dialog.Key);
        _dialogsById.Remove(dialog.Id);
        TerminatePending(dialog);
    }

    private void TerminatePending(Dialog dialog)
    {
        if (dialog.Pending is { } pending)
        {
            Terminate(pending);
        }
    }

    /// <summary>Answers a request that is still with the application 487 and stops the work on it.</summary>
    private void Terminate(ServerTransaction transaction)
    {
        if (!transaction.IsFinal)
        {
            Respond(transaction, 487, "Request Terminated");
            CancelWork(transaction);
        }
    }

    private void CancelWork(ServerTransaction transaction)
    {
        try
        {
            transaction.Work?.Cancel();
        }
        catch (AggregateException exception)
        {
            // What the application hung on its token threw; the session's own end goes on.
            _log.ApplicationFailed(nameof(CancellationToken), transaction.Request.CallId, exception);
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

    private void CheckStopped()
    {
        if (_stopped is { } stopped && _asking == 0 && _openByes == 0 && _dialogs.Count == 0)
        {
            _stopped = null;
            stopped();
        }
    }
}
