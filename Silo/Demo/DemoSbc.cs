using System.Net.Sockets;

namespace Talreg.Silo.Demo;

/// <summary>
/// A session border controller that records one call to any SIPREC server (RFC 7866): INVITE, ACK, two legs of
/// RTP in real time, BYE. It writes and reads SIP by itself and shares no parser with the recorder.
/// </summary>
/// <param name="time">The clock; the system's when null.</param>
public sealed class DemoSbc(TimeProvider? time = null)
{
    /// <summary>The packet time of both legs.</summary>
    internal static readonly TimeSpan TickLength = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan LateAfter = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RetransmitAtMost = TimeSpan.FromSeconds(4);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Places one call and returns when it is over; what can go wrong on the line is an outcome.</summary>
    /// <param name="options">The call.</param>
    /// <param name="progress">Told of each phase, and once a second while the legs are sent; may be null.</param>
    /// <param name="cancellationToken">Ends the call; a call that is up is given its BYE first.</param>
    public async Task<DemoCallResult> PlaceAsync(
        DemoCallOptions options, IProgress<DemoProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        DemoSipLink link;
        try
        {
            link = await DemoSipLink.ConnectAsync(options.Recorder, options.Transport, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (SocketException refused)
        {
            return new DemoCallResult
            {
                Outcome = DemoOutcome.Unreachable, Reason = refused.Message, SipCallId = "", SessionId = "",
            };
        }

        using (link)
        using (var caller = new DemoLeg(1, link.Local.Address, DemoVoices.Caller(), options.CallerLeg))
        using (var agent = new DemoLeg(2, link.Local.Address, DemoVoices.Agent(), options.AgentLeg))
        {
            var dialog = new DemoDialog(options, link.Local);
            var call = new Call(options, link, dialog, [caller, agent], progress);
            return await RunAsync(call, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<DemoCallResult> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        call.Progress?.Report(new DemoProgress(DemoPhase.Inviting, TimeSpan.Zero));
        var invite = call.Dialog.Invite([.. call.Legs.Select(leg => leg.Port)], _time.GetUtcNow());
        var (answer, sent) = await ExchangeAsync(call, invite, "INVITE", cancellationToken).ConfigureAwait(false);
        var result = new DemoCallResult
        {
            Outcome = DemoOutcome.NoAnswer,
            Reason = "No final response to the INVITE in time.",
            SipCallId = call.Dialog.CallId,
            SessionId = call.Dialog.SessionId,
            SetupTime = _time.GetElapsedTime(started),
            InvitesSent = sent,
        };
        if (answer is null)
        {
            return result;
        }

        result = result with { Status = answer.Status, Reason = answer.Reason };
        if (answer.Status >= 300)
        {
            // Refused is refused, whether or not the recorder is still there to hear the ACK.
            await TrySendAsync(call, call.Dialog.AckRefusal(answer), cancellationToken).ConfigureAwait(false);
            return result with { Outcome = DemoOutcome.Refused };
        }

        return await TalkAsync(call, answer, result, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DemoCallResult> TalkAsync(
        Call call, DemoSipMessage answer, DemoCallResult result, CancellationToken cancellationToken)
    {
        call.Dialog.Establish(answer);
        if (await TrySendAsync(call, call.Dialog.Ack(), cancellationToken).ConfigureAwait(false) is { } lost)
        {
            return result with { Outcome = DemoOutcome.Unreachable, Reason = lost };
        }

        call.Progress?.Report(new DemoProgress(DemoPhase.Answered, TimeSpan.Zero));
        var targets = answer.MediaTargets(call.Options.Recorder.Address);
        var fits = targets.Count == call.Legs.Length;
        var late = 0;
        if (fits)
        {
            for (var i = 0; i < targets.Count; i++)
            {
                call.Legs[i].Target = targets[i];
            }

            late = await SendLegsAsync(call, cancellationToken).ConfigureAwait(false);
        }

        // The BYE is sent even when the caller gave up, or the recorder would wait for media until it times out.
        // One that the recorder sent first has ended the dialog: there is nothing left to say BYE to.
        call.Progress?.Report(new DemoProgress(DemoPhase.Ending, TimeSpan.Zero));
        var answered = call.EndedByRecorder;
        if (!answered)
        {
            var (bye, _) = await ExchangeAsync(call, call.Dialog.Bye(), "BYE", CancellationToken.None)
                .ConfigureAwait(false);
            answered = bye is not null || call.EndedByRecorder;
        }

        cancellationToken.ThrowIfCancellationRequested();
        call.Progress?.Report(new DemoProgress(DemoPhase.Ended, TimeSpan.Zero));
        return result with
        {
            Outcome = !fits ? DemoOutcome.BadAnswer
                : !answered ? DemoOutcome.ByeUnanswered
                : DemoOutcome.Completed,
            Reason = !fits ? "The answer does not have the offer's two m-lines."
                : call.EndedByRecorder ? "The recorder ended the call."
                : result.Reason,
            LateTicks = late,
            Legs = [.. call.Legs.Select(leg => leg.Result())],
        };
    }

    /// <summary>
    /// Sends both legs against absolute deadlines: a tick that comes late is caught up at once, so that the pace never
    /// drifts from the clock.
    /// </summary>
    private async Task<int> SendLegsAsync(Call call, CancellationToken cancellationToken)
    {
        var ticks = call.Legs.Max(leg => leg.Ticks);
        if (call.Options.MaxDuration is { } most)
        {
            ticks = (int)Math.Min(ticks, most / TickLength);
        }

        using var answering = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answered = AnswerRequestsAsync(call, answering.Token);
        using var timer = new PeriodicTimer(TickLength / 4, _time);
        var started = _time.GetTimestamp();
        var late = 0;
        for (var tick = 0; tick < ticks && !cancellationToken.IsCancellationRequested && !call.EndedByRecorder; tick++)
        {
            var due = TickLength * tick;
            while (_time.GetElapsedTime(started) < due)
            {
                await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false);
            }

            late += _time.GetElapsedTime(started) - due > LateAfter ? 1 : 0;
            foreach (var leg in call.Legs)
            {
                leg.Tick(tick, _time);
            }

            if (tick % 50 == 0)
            {
                call.Progress?.Report(new DemoProgress(DemoPhase.Talking, due));
            }
        }

        await answering.CancelAsync().ConfigureAwait(false);
        await answered.ConfigureAwait(false);
        return late;
    }

    /// <summary>While the legs are sent: repeats the ACK when the 200 comes again, answers requests.</summary>
    private static async Task AnswerRequestsAsync(Call call, CancellationToken cancellationToken)
    {
        try
        {
            while (await call.Link.ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
            {
                if (message.Status >= 200 && message["CSeq"].EndsWith("INVITE", StringComparison.Ordinal))
                {
                    await call.Link.SendAsync(call.Dialog.Ack(), cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await RespondAsync(call, message, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is SocketException || cancellationToken.IsCancellationRequested)
        {
            // The legs are at their end; or the recorder is gone, and the BYE that follows finds that out and names it.
            return;
        }
    }

    private static async Task RespondAsync(Call call, DemoSipMessage message, CancellationToken cancellationToken)
    {
        if (message.Status != 0 || message.FirstLine.StartsWith("ACK ", StringComparison.Ordinal))
        {
            return;
        }

        var method = message.FirstLine.Split(' ')[0];
        var response = method is "OPTIONS" or "UPDATE" or "BYE"
            ? DemoDialog.Respond(message, 200, "OK")
            : DemoDialog.Respond(message, 488, "Not Acceptable Here");
        if (method == "BYE" && message["Call-ID"] == call.Dialog.CallId)
        {
            call.EndedByRecorder = true;
        }

        await call.Link.SendAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends what no response is awaited for; the socket's reason when it cannot be sent, else null.</summary>
    private static async Task<string?> TrySendAsync(Call call, byte[] message, CancellationToken cancellationToken)
    {
        try
        {
            await call.Link.SendAsync(message, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (SocketException lost)
        {
            return lost.Message;
        }
    }

    /// <summary>Sends a request until its final response comes or the time is up.</summary>
    private async Task<(DemoSipMessage? Final, int Sent)> ExchangeAsync(
        Call call, byte[] request, string method, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(call.Options.AnswerTimeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var wait = call.Options.RetransmitAfter;
        var sent = 0;
        var provisional = false;
        try
        {
            while (true)
            {
                if (!provisional)
                {
                    await call.Link.SendAsync(request, ended.Token).ConfigureAwait(false);
                    sent++;
                }

                var repeat = call.Options.Transport == DemoTransport.Udp && !provisional;
                var (response, closed) = await ResponseAsync(call, method, repeat ? wait : null, ended.Token)
                    .ConfigureAwait(false);
                if (closed || response is { Status: >= 200 })
                {
                    return (response, sent);
                }

                // A provisional response stops the repetition of an INVITE, but only slows that of a BYE.
                provisional = response is not null && method == "INVITE";
                wait = method == "INVITE" ? wait * 2 : Shorter(wait * 2, RetransmitAtMost);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            if (provisional)
            {
                // A CANCEL that cannot be sent changes nothing: the INVITE has no final response either way.
                await TrySendAsync(call, call.Dialog.Cancel(), CancellationToken.None).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return (null, sent);
        }
        catch (SocketException)
        {
            return (null, sent);
        }
    }

    /// <summary>The next response of this method; nothing when the wait is over first.</summary>
    private async Task<(DemoSipMessage? Response, bool Closed)> ResponseAsync(
        Call call, string method, TimeSpan? wait, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(wait ?? Timeout.InfiniteTimeSpan, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            while (await call.Link.ReceiveAsync(either.Token).ConfigureAwait(false) is { } message)
            {
                if (message.Status > 0
                    && message["Call-ID"] == call.Dialog.CallId
                    && message["CSeq"].EndsWith(method, StringComparison.Ordinal))
                {
                    return (message, false);
                }

                await RespondAsync(call, message, either.Token).ConfigureAwait(false);
            }

            return (null, true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, false);
        }
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private sealed record Call(
        DemoCallOptions Options,
        DemoSipLink Link,
        DemoDialog Dialog,
        DemoLeg[] Legs,
        IProgress<DemoProgress>? Progress)
    {
        private volatile bool _endedByRecorder;

        /// <summary>The recorder sent a BYE: set where requests are answered, read where the legs are sent.</summary>
        public bool EndedByRecorder
        {
            get => _endedByRecorder;
            set => _endedByRecorder = value;
        }
    }
}
