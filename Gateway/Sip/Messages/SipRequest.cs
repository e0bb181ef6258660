using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>The topmost Via (RFC 3261 §20.42).</summary>
internal sealed record ViaHeader(string Text, string SentBy, string Host, int? Port, string? Branch, bool WantsRport)
{
    /// <summary>The start of every branch made under RFC 3261 (§8.1.1.7).</summary>
    public const string MagicCookie = "z9hG4bK";

    /// <summary>Whether the branch alone names the transaction (RFC 3261 §17.2.3).</summary>
    public bool HasUniqueBranch =>
        Branch is { } branch && branch.Length > MagicCookie.Length
        && branch.StartsWith(MagicCookie, StringComparison.OrdinalIgnoreCase);

    // Via: SIP/2.0/UDP host:port;branch=z9hG4bK...;rport
    public static bool TryParse(ReadOnlySpan<byte> text, out ViaHeader? via)
    {
        via = null;
        var semicolon = SipText.IndexOutside(text, (byte)';');
        var head = SipText.Trim(semicolon < 0 ? text : text[..semicolon]);
        var parameters = semicolon < 0 ? default : text[semicolon..];
        var slash = head.LastIndexOf((byte)'/');
        if (slash < 0)
        {
            return false;
        }

        var protocol = head[..slash];
        var afterSlash = SipText.Trim(head[(slash + 1)..]);
        var transportLength = SipText.TokenLength(afterSlash);
        var sentBy = SipText.Trim(afterSlash[transportLength..]);
        if (!IsSip20(protocol) || transportLength == 0
            || !SipUriParser.TryParseHostPort(sentBy, out var host, out var port))
        {
            return false;
        }

        var hasBranch = SipText.TryGetParameter(parameters, "branch"u8, out var branch);
        via = new ViaHeader(
            SipText.Keep(text),
            SipText.Keep(sentBy),
            host,
            port,
            hasBranch ? SipText.Keep(branch) : null,
            SipText.TryGetParameter(parameters, "rport"u8, out _));
        return true;
    }

    private static bool IsSip20(ReadOnlySpan<byte> protocol)
    {
        var slash = protocol.IndexOf((byte)'/');
        return slash > 0
            && Ascii.EqualsIgnoreCase(SipText.Trim(protocol[..slash]), "SIP"u8)
            && SipText.Trim(protocol[(slash + 1)..]).SequenceEqual("2.0"u8);
    }
}

/// <summary>A request whose mandatory headers have been read (RFC 3261 §8.1.1).</summary>
internal sealed class SipRequest
{
    private SipRequest(SipMessage message, string method, ViaHeader via, string callId, uint cseq)
    {
        Message = message;
        Method = method;
        Via = via;
        CallId = callId;
        CSeq = cseq;
    }

    public SipMessage Message { get; }

    public string Method { get; }

    public ViaHeader Via { get; }

    public string CallId { get; }

    public uint CSeq { get; }

    public required NameAddress From { get; init; }

    public required NameAddress To { get; init; }

    /// <summary>The Request-URI; null when its scheme or form cannot be served (416 or 400).</summary>
    public required SipUri? RequestUri { get; init; }

    /// <summary>The topmost Via of any message.</summary>
    public static bool TryReadTopVia(SipMessage message, out ViaHeader? via)
    {
        via = null;
        if (!message.TryGet(HeaderName.Via, out var value))
        {
            return false;
        }

        foreach (var item in new CommaList(value))
        {
            return ViaHeader.TryParse(item, out via);
        }

        return false;
    }

    /// <summary>Reads the mandatory headers.</summary>
    public static bool TryRead(SipMessage message, out SipRequest? request, out SipFault fault)
    {
        request = null;
        fault = SipFault.ViaInvalid;
        if (!TryReadTopVia(message, out var via))
        {
            return false;
        }

        fault = CheckSingles(message);
        if (fault != SipFault.None)
        {
            return false;
        }

        if (!TryReadAddress(message, HeaderName.From, out var from))
        {
            fault = SipFault.FromInvalid;
        }
        else if (!TryReadAddress(message, HeaderName.To, out var to))
        {
            fault = SipFault.ToInvalid;
        }
        else if (!message.TryGet(HeaderName.CallId, out var callId) || !IsCallId(callId))
        {
            fault = SipFault.CallIdInvalid;
        }
        else
        {
            fault = ReadCSeq(message, out var cseq);
            _ = SipUriParser.TryParseUri(message.RequestUri, out var requestUri);
            request = fault != SipFault.None ? null : new SipRequest(
                message, SipMethods.Keep(message.Method), via!, SipText.Keep(callId), cseq)
            {
                From = from!, To = to!, RequestUri = requestUri,
            };
        }

        return request is not null;
    }

    /// <summary>Reads the number of a CSeq whose method is that of the message (RFC 3261 §20.16).</summary>
    public static SipFault ReadCSeq(SipMessage message, out uint number)
    {
        number = 0;
        if (!message.TryGet(HeaderName.CSeq, out var text))
        {
            return SipFault.CSeqInvalid;
        }

        var end = text.IndexOfAny(" \t"u8);
        if (end < 0 || !SipText.TryReadNumber(text[..end], out number) || number > int.MaxValue)
        {
            return SipFault.CSeqInvalid;
        }

        var method = SipText.Trim(text[end..]);
        return !message.IsRequest || method.SequenceEqual(message.Method)
            ? SipFault.None
            : SipFault.CSeqMethodMismatch;
    }

    private static bool TryReadAddress(SipMessage message, HeaderName name, out NameAddress? address)
    {
        address = null;
        return message.TryGet(name, out var value) && SipUriParser.TryParseNameAddress(value, out address);
    }

    private static bool IsCallId(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && text.Length <= 512 && text.IndexOfAnyInRange((byte)0, (byte)' ') < 0;

    /// <summary>Two of a header that may stand once would let two readers see two messages.</summary>
    private static SipFault CheckSingles(SipMessage message)
    {
        ReadOnlySpan<HeaderName> singles =
            [HeaderName.From, HeaderName.To, HeaderName.CallId, HeaderName.CSeq, HeaderName.MaxForwards,
             HeaderName.ContentType, HeaderName.SessionExpires];
        foreach (var name in singles)
        {
            if (message.Count(name) > 1)
            {
                return SipFault.SingleHeaderRepeated;
            }
        }

        return message.TryGet(HeaderName.MaxForwards, out var hops) && !SipText.TryReadNumber(hops, out _)
            ? SipFault.MaxForwardsInvalid
            : SipFault.None;
    }
}

/// <summary>The methods this server knows; names are case-sensitive (RFC 3261 §7.1).</summary>
internal static class SipMethods
{
    public const string Invite = "INVITE";
    public const string Ack = "ACK";
    public const string Cancel = "CANCEL";
    public const string Bye = "BYE";
    public const string Options = "OPTIONS";
    public const string Info = "INFO";
    public const string Update = "UPDATE";
    public const string Prack = "PRACK";

    /// <summary>What Allow says.</summary>
    public const string Allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK";

    private static readonly string[] Known = [Invite, Ack, Cancel, Bye, Options, Info, Update, Prack];

    public static bool IsServed(string method) => Known.Contains(method, StringComparer.Ordinal);

    /// <summary>The method as a string; a known one costs no allocation.</summary>
    public static string Keep(ReadOnlySpan<byte> method)
    {
        foreach (var known in Known)
        {
            if (Ascii.Equals(method, known))
            {
                return known;
            }
        }

        return SipText.Keep(method);
    }
}
