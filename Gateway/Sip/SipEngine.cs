using System.Globalization;
using System.Security.Cryptography;
using Talreg.Sip.Access;
using Talreg.Sip.Dialogs;
using Talreg.Sip.Messages;
using Talreg.Sip.Transactions;
using Talreg.Sip.Transport;

namespace Talreg.Sip;

/// <summary>
/// All transactions and dialogs of a server, free of sockets and threads: every method runs on the server's one loop,
/// and the application's answers come back to it through <c>post</c>. Files: requests here, then Sessions (new ones),
/// Changes (requests within one), Own (requests of ours within one) and Endings.
/// </summary>
internal sealed partial class SipEngine : ITransactionHost
{
    private readonly ISipApplication _application;
    private readonly ISipLog _log;
    private readonly Action<Action> _post;
    private readonly AccessTable _access;
    private readonly DigestAuthenticator _digest;
    private readonly Dictionary<string, ServerTransaction> _transactions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServerTransaction> _byMergeKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IClientTransaction> _clientTransactions = new(StringComparer.Ordinal);
    private int _inviting;
    private int _asking;

    public SipEngine(
        SipServerOptions options,
        ISipApplication application,
        TimeProvider timeProvider,
        ISipLog log,
        Action<Action> post)
    {
        (Options, _application, _log, _post) = (options, application, log, post);
        Timers = new TimerQueue(timeProvider, log.WorkFailed);
        _access = new AccessTable(options.Access);
        _digest = new DigestAuthenticator(options.Access, timeProvider);
    }

    public SipServerOptions Options { get; }

    public TimerQueue Timers { get; }

    public int TransactionCount => _transactions.Count + _clientTransactions.Count;

    public int DialogCount => _dialogs.Count;

    public long Sent { get; private set; }

    public long SendFailures { get; private set; }

    public long Withheld { get; private set; }

    public long Refusals { get; private set; }

    public long Retransmissions { get; private set; }

    public long Accepted { get; private set; }

    public bool Send(in SipFlow flow, byte[] message)
    {
        if (IsSilent)
        {
            Withheld++;
            return false;
        }

        var sent = flow.Transport.TrySend(flow, message);
        Sent++;
        SendFailures += sent ? 0 : 1;
        return sent;
    }

    public void Remove(ServerTransaction transaction)
    {
        _transactions.Remove(transaction.Key);
        if (_byMergeKey.TryGetValue(transaction.MergeKey, out var merged) && ReferenceEquals(merged, transaction))
        {
            _byMergeKey.Remove(transaction.MergeKey);
        }
    }

    public void Remove(IClientTransaction transaction) => _clientTransactions.Remove(transaction.Branch);

    /// <summary>Bytes that are no message: answered 400 where that is possible. The message is the engine's.</summary>
    public void OnMalformed(in SipFlow flow, SipMessage? message, SipFault fault)
    {
        if (IsSilent)
        {
            Withhold(message);
            return;
        }

        var answered = message is { IsRequest: true } && !message.Method.SequenceEqual("ACK"u8)
            && ViaHeader.TryReadTop(message, out var via);
        if (answered)
        {
            _ = ViaHeader.TryReadTop(message!, out via);
            var parts = new ResponseParts(400, $"Bad Request ({fault})") { ToTag = NewToken() };
            Send(ResponseWriter.ResponseFlow(flow, via!), ResponseWriter.Write(message!, via!, flow.Remote, parts));
        }

        message?.ReleaseBuffer();
        Report(flow, SipRefusalReason.Malformed, answered ? 400 : 0, fault.ToString(), null);
    }

    /// <summary>A message whose structure is sound; it is the engine's from here on.</summary>
    public void OnMessage(in SipFlow flow, SipMessage message)
    {
        if (IsSilent)
        {
            // No transaction comes of it: its copy, sent when the silence is over, must find none that has its answer
            // already.
            Withhold(message);
        }
        else if (!message.IsRequest)
        {
            OnResponse(flow, message);
        }
        else if (!SipRequest.TryRead(message, out var request, out var fault))
        {
            OnMalformed(flow, message, fault);
        }
        else if (_access.Find(flow) is not { } peer)
        {
            Forbid(flow, request!);
        }
        else if (request!.Method == SipMethods.Ack)
        {
            OnAck(request);
            message.ReleaseBuffer();
        }
        else
        {
            OnRequest(flow, request, peer);
        }
    }

    private bool IsSilent => Options.MaySpeak is { } maySpeak && !maySpeak();

    private void Withhold(SipMessage? message)
    {
        Withheld++;
        message?.ReleaseBuffer();
    }

    internal static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private void OnResponse(in SipFlow flow, SipMessage message)
    {
        if (ViaHeader.TryReadTop(message, out var via) && via!.Branch is { } branch
            && _clientTransactions.TryGetValue(branch, out var transaction))
        {
            transaction.OnResponse(message);
            return;
        }

        Report(flow, SipRefusalReason.StrayResponse, 0, "no transaction", null);
    }

    private void OnRequest(in SipFlow flow, SipRequest request, SipPeer peer)
    {
        var key = ServerTransaction.KeyOf(request, request.Method);
        if (_transactions.TryGetValue(key, out var known))
        {
            Retransmissions++;
            known.OnRetransmission();
            request.Message.ReleaseBuffer();
            return;
        }

        var mergeKey = ServerTransaction.MergeKeyOf(request);
        var merged = request.ToTag is null && request.Method != SipMethods.Cancel && _byMergeKey.ContainsKey(mergeKey);
        var transaction = new ServerTransaction(
            this, request, ResponseWriter.ResponseFlow(flow, request.Via), key, mergeKey)
        { ToTag = request.ToTag ?? NewToken() };
        if (_transactions.Count >= TransactionLimit(request))
        {
            AnswerOnce(flow, request, 503, "Service Unavailable");
            Report(flow, SipRefusalReason.LimitReached, 503, "MaxTransactions", request);
            return;
        }

        _transactions.Add(transaction.Key, transaction);
        _byMergeKey.TryAdd(mergeKey, transaction);
        if (merged)
        {
            Refuse(flow, transaction, 482, "Loop Detected", SipRefusalReason.Merged);
        }
        else if (!RefusedByForm(flow, transaction))
        {
            Dispatch(flow, transaction, peer);
        }
    }

    /// <summary>A flood of new requests leaves room for those of sessions that are alive.</summary>
    private int TransactionLimit(SipRequest request) =>
        request.ToTag is not null
        && _dialogs.ContainsKey(Dialog.KeyOf(request.CallId, request.ToTag, request.FromTag))
            ? Options.Limits.MaxTransactions + Options.Limits.MaxDialogs
            : Options.Limits.MaxTransactions;

    /// <summary>From nobody who may record: one answer, nothing kept.</summary>
    private void Forbid(in SipFlow flow, SipRequest request)
    {
        var isAck = request.Method == SipMethods.Ack;
        if (!isAck)
        {
            AnswerOnce(flow, request, 403, "Forbidden");
        }

        Report(flow, SipRefusalReason.SourceNotAllowed, isAck ? 0 : 403, "no client may come from there", request);
    }

    /// <summary>Answers without a transaction: the request costs no memory, and its copies are answered anew.</summary>
    private void AnswerOnce(in SipFlow flow, SipRequest request, int status, string reason)
    {
        var parts = new ResponseParts(status, reason) { ToTag = request.ToTag ?? NewToken() };
        Send(
            ResponseWriter.ResponseFlow(flow, request.Via),
            ResponseWriter.Write(request.Message, request.Via, flow.Remote, parts));
        request.Message.ReleaseBuffer();
    }

    /// <summary>Inspects method, URI and extensions (RFC 3261 §8.2.1 to §8.2.3).</summary>
    private bool RefusedByForm(in SipFlow flow, ServerTransaction transaction)
    {
        var request = transaction.Request;
        if (!SipMethods.IsServed(request.Method))
        {
            Refuse(
                flow, transaction, 405, "Method Not Allowed", SipRefusalReason.MethodNotAllowed, AllowHeader);
        }
        else if (request.UriScheme is null)
        {
            Refuse(flow, transaction, 400, "Bad Request (RequestUriInvalid)", SipRefusalReason.Malformed);
        }
        else if (request.UriScheme is not ("sip" or "sips" or "tel"))
        {
            Refuse(flow, transaction, 416, "Unsupported URI Scheme", SipRefusalReason.UriSchemeUnsupported);
        }
        else if (request.Method != SipMethods.Cancel && Unsupported(request.Message) is { Length: > 0 } unknown)
        {
            Refuse(
                flow, transaction, 420, "Bad Extension", SipRefusalReason.ExtensionRequired,
                $"Unsupported: {unknown}\r\n");
        }
        else
        {
            return false;
        }

        return true;
    }

    private string Unsupported(SipMessage message)
    {
        var unknown = new List<string>();
        foreach (ref readonly var slot in message.Headers)
        {
            if (slot.Name != HeaderName.Require)
            {
                continue;
            }

            foreach (var tag in new CommaList(message.Value(slot)))
            {
                var name = SipText.Keep(tag);
                if (!OptionTags.IsKnown(name, Options.SiprecEnabled))
                {
                    unknown.Add(name);
                }
            }
        }

        return string.Join(", ", unknown);
    }

    private void Dispatch(in SipFlow flow, ServerTransaction transaction, SipPeer peer)
    {
        var request = transaction.Request;
        switch (request.Method)
        {
            case SipMethods.Cancel:
                OnCancel(flow, transaction);
                break;
            case SipMethods.Options when request.ToTag is null:
                OnOptions(transaction);
                break;
            case SipMethods.Invite when request.ToTag is null:
                OnInvite(flow, transaction, peer);
                break;
            default:
                OnInDialog(flow, transaction, peer);
                break;
        }
    }

    private void OnOptions(ServerTransaction transaction)
    {
        var health = _application.Health;
        var headers = AllowHeader + SupportedHeader + AcceptHeader;
        if (health.IsAccepting && !_isStopping)
        {
            Respond(transaction, 200, "OK", headers);
        }
        else
        {
            Respond(transaction, 503, "Service Unavailable", headers + RetryAfter(health.RetryAfter));
        }
    }

    private void Respond(
        ServerTransaction transaction, int status, string reason, string headers = "", byte[]? sdp = null,
        string? contactLine = null)
    {
        var server = Options.ServerHeader is { } name ? $"Server: {name}\r\n" : "";
        var parts = new ResponseParts(status, reason)
        {
            ToTag = status == 100 ? null : transaction.ToTag,
            Headers = contactLine + headers + server,
            MakesDialog = contactLine is not null,
            ContentType = sdp is null ? null : "application/sdp",
            Body = sdp ?? [],
        };
        var request = transaction.Request;
        transaction.Respond(
            status, ResponseWriter.Write(request.Message, request.Via, transaction.Flow.Remote, parts));
    }

    private void Refuse(
        in SipFlow flow, ServerTransaction transaction, int status, string reason, SipRefusalReason why,
        string headers = "")
    {
        Respond(transaction, status, reason, headers);
        Report(flow, why, status, reason, transaction.Request);
    }

    private void Report(in SipFlow flow, SipRefusalReason reason, int status, string detail, SipRequest? request)
    {
        Refusals++;
        var clean = string.Concat(detail.Take(256).Select(letter => char.IsControl(letter) ? '?' : letter));
        var refusal = new SipRefusal(
            flow.Remote, flow.Transport.Kind, reason, status, clean, request?.Method, request?.CallId);
        Notify(nameof(ISipApplication.OnRefused), request?.CallId ?? "", () => _application.OnRefused(refusal));
    }

    private void Notify(string operation, string id, Action notice)
    {
        try
        {
            notice();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _log.ApplicationFailed(operation, id, exception);
        }
    }

    private static string RetryAfter(TimeSpan? delay) => delay is not { } time ? "" : string.Create(
        CultureInfo.InvariantCulture, $"Retry-After: {(int)Math.Ceiling(time.TotalSeconds)}\r\n");

    private const string AllowHeader = "Allow: " + SipMethods.Allowed + "\r\n";

    private const string AcceptHeader = "Accept: application/sdp, multipart/mixed, application/rs-metadata+xml, "
        + "application/rs-metadata\r\n";

    private string SupportedHeader => OptionTags.SupportedHeader(Options.SiprecEnabled);
}
