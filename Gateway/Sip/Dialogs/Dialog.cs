using System.Globalization;
using System.Text;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Transactions;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Dialogs;

/// <summary>A session we answered (RFC 3261 §12.1.1). Used on the loop only.</summary>
internal sealed class Dialog
{
    private uint _localCSeq;

    public required string Id { get; init; }

    public required string CallId { get; init; }

    public required string LocalTag { get; init; }

    public required string RemoteTag { get; init; }

    /// <summary>The To and From of the first INVITE without tags: our From and To.</summary>
    public required string LocalAddress { get; init; }

    public required string RemoteAddress { get; init; }

    public required IReadOnlyList<string> RouteSet { get; init; }

    public required SdpAnswerBuilder Answers { get; init; }

    /// <summary>Whose session it is: only that client may change or end it.</summary>
    public required string Peer { get; init; }

    /// <summary>What the client said it can do, in its INVITE.</summary>
    public required ClientAbilities Client { get; init; }

    /// <summary>Where the last request came from.</summary>
    public required SipFlow Flow { get; set; }

    public required string Contact { get; init; }

    public required string RemoteTarget { get; set; }

    public required uint RemoteCSeq { get; set; }

    public string Key => KeyOf(CallId, LocalTag, RemoteTag);

    public bool IsConfirmed { get; set; }

    public bool IsEnded { get; set; }

    /// <summary>The transaction of a change that is with the application; null when there is none.</summary>
    public ServerTransaction? Pending { get; set; }

    /// <summary>The 2xx that is resent until its ACK comes.</summary>
    public UnackedAnswer? Unacked { get; set; }

    public SipTimer? SessionTimer { get; set; }

    /// <summary>Fires when it is our turn to refresh the session (RFC 4028 §10).</summary>
    public SipTimer? RefreshTimer { get; set; }

    /// <summary>A re-INVITE or UPDATE of ours waits for its answer.</summary>
    public bool IsChanging { get; set; }

    /// <summary>It is a re-INVITE, with an offer: the client's own would cross it.</summary>
    public bool IsOffering { get; set; }

    /// <summary>Why a full snapshot is still to be asked for; null for no need.</summary>
    public string? SnapshotReason { get; set; }

    /// <summary>How often a snapshot has been asked for.</summary>
    public int SnapshotRequests { get; set; }

    /// <summary>Not null: a BYE waits for the ACK (RFC 3261 §15), and this is told whether it was answered.</summary>
    public Action<bool>? ByeAnswered { get; set; }

    public static string KeyOf(string callId, string? localTag, string? remoteTag) =>
        $"{callId}|{localTag}|{remoteTag}";

    /// <summary>Writes a request of ours (RFC 3261 §12.2.1.1) and says under which number.</summary>
    public byte[] Write(OwnRequest request, string branch, out uint cseq)
    {
        cseq = ++_localCSeq;
        return Write(request, branch, cseq);
    }

    /// <summary>
    /// Writes the ACK of an INVITE of ours; it has the INVITE's number (RFC 3261 §13.2.2.4, §17.1.1.3).
    /// </summary>
    public byte[] WriteAck(string branch, uint cseq) => Write(new OwnRequest(SipMethods.Ack), branch, cseq);

    private byte[] Write(OwnRequest request, string branch, uint cseq)
    {
        // A strict router takes the Request-URI for itself and finds the target in the last Route.
        var isStrict = RouteSet.Count > 0 && !NextHop.IsLoose(RouteSet[0]);
        var requestUri = isStrict ? NextHop.UriOf(RouteSet[0])!.Text : RemoteTarget;
        IEnumerable<string> routes = isStrict ? RouteSet.Skip(1).Append($"<{RemoteTarget}>") : RouteSet;
        var text = new StringBuilder(512);
        text.Append(CultureInfo.InvariantCulture, $"{request.Method} {requestUri} SIP/2.0\r\n")
            .Append(CultureInfo.InvariantCulture, $"Via: SIP/2.0/{Flow.ViaName} {Flow.Local};branch={branch};rport\r\n")
            .Append(CultureInfo.InvariantCulture, $"From: {LocalAddress};tag={LocalTag}\r\n")
            .Append(CultureInfo.InvariantCulture, $"To: {RemoteAddress};tag={RemoteTag}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Call-ID: {CallId}\r\nCSeq: {cseq} {request.Method}\r\n")
            .Append("Max-Forwards: 70\r\n");
        foreach (var route in routes)
        {
            text.Append("Route: ").Append(route).Append("\r\n");
        }

        text.Append(request.IsTargetRefresh ? Contact : "").Append(request.Headers);
        _ = request.ContentType is { } type ? text.Append("Content-Type: ").Append(type).Append("\r\n") : text;
        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {request.Body.Length}\r\n\r\n");
        return [.. Encoding.UTF8.GetBytes(text.ToString()), .. request.Body];
    }
}

/// <summary>A request of ours within a dialog, as far as the dialog does not know it.</summary>
internal sealed record OwnRequest(string Method)
{
    /// <summary>Whole header lines, each with its line end.</summary>
    public string Headers { get; init; } = "";

    public string? ContentType { get; init; }

    public byte[] Body { get; init; } = [];

    /// <summary>Whether it carries our Contact (RFC 3261 §12.2, RFC 3311 §5.1).</summary>
    public bool IsTargetRefresh => Method is SipMethods.Invite or SipMethods.Update;
}

/// <summary>
/// Resends a 2xx to INVITE at T1, doubling to T2, until the ACK or 64·T1 (RFC 3261 §13.3.1.4). Loop only.
/// </summary>
internal sealed class UnackedAnswer
{
    private readonly ITransactionHost _host;
    private readonly SipFlow _flow;
    private readonly byte[] _answer;
    private readonly SipTimer _giveUp;
    private SipTimer _resend;
    private TimeSpan _resendAfter;

    public UnackedAnswer(ITransactionHost host, SipFlow flow, byte[] answer, uint cseq, Action giveUp)
    {
        (_host, _flow, _answer, CSeq) = (host, flow, answer, cseq);
        _resendAfter = host.Options.T1;
        _resend = host.Timers.Start(_resendAfter, Resend);
        _giveUp = host.Timers.Start(host.Options.T1 * 64, giveUp);
    }

    public uint CSeq { get; }

    public void Stop()
    {
        _resend.Cancel();
        _giveUp.Cancel();
    }

    private void Resend()
    {
        _host.Send(_flow, _answer);
        _resendAfter = TimeSpan.FromTicks(Math.Min(_resendAfter.Ticks * 2, _host.Options.T2.Ticks));
        _resend = _host.Timers.Start(_resendAfter, Resend);
    }
}
