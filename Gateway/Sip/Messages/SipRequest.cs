using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>A request whose mandatory headers have been read (RFC 3261 §8.1.1).</summary>
internal sealed class SipRequest
{
    private SipRequest(SipMessage message, ViaHeader via, string method, string callId, uint cseq)
    {
        Message = message;
        Via = via;
        Method = method;
        CallId = callId;
        CSeq = cseq;
    }

    public SipMessage Message { get; }

    public string Method { get; }

    public ViaHeader Via { get; }

    public string CallId { get; }

    public uint CSeq { get; }

    public required string? FromTag { get; init; }

    public required string? ToTag { get; init; }

    /// <summary>
    /// The scheme of the Request-URI in lower case; null when the URI's form cannot be served.
    /// </summary>
    public required string? UriScheme { get; init; }

    /// <summary>Reads the mandatory headers; of those that only new sessions need it checks the form, and keeps the tags.</summary>
    public static bool TryRead(SipMessage message, out SipRequest? request, out SipFault fault)
    {
        request = null;
        fault = SipFault.ViaInvalid;
        if (!ViaHeader.TryReadTop(message, out var via))
        {
            return false;
        }

        fault = CheckSingles(message);
        if (fault != SipFault.None)
        {
            return false;
        }

        if (!TrySplitAddress(message, HeaderName.From, out var from))
        {
            fault = SipFault.FromInvalid;
        }
        else if (!TrySplitAddress(message, HeaderName.To, out var to))
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
            var hasUri = SipUriParser.TrySplitUri(message.RequestUri, out var uri);
            request = fault != SipFault.None ? null : new SipRequest(
                message, via!, SipMethods.Keep(message.Method), SipText.Keep(callId), cseq)
            {
                FromTag = from.HasTag ? SipText.Keep(from.Tag) : null,
                ToTag = to.HasTag ? SipText.Keep(to.Tag) : null,
                UriScheme = hasUri ? uri.Scheme : null,
            };
        }

        return request is not null;
    }

    /// <summary>Who sends. Before the message lets its bytes go.</summary>
    public NameAddress ReadFrom() => ReadAddress(HeaderName.From);

    /// <summary>Who is called. Before the message lets its bytes go.</summary>
    public NameAddress ReadTo() => ReadAddress(HeaderName.To);

    /// <summary>The Request-URI, where <see cref="UriScheme"/> is not null. Before the message lets its bytes go.</summary>
    public SipUri ReadUri() => SipUriParser.TryParseUri(Message.RequestUri, out var uri)
        ? uri!
        : throw new InvalidOperationException("The Request-URI cannot be read, or its message has been let go.");

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

    private static bool TrySplitAddress(SipMessage message, HeaderName name, out NameAddressSpans address)
    {
        address = default;
        return message.TryGet(name, out var value) && SipUriParser.TrySplitNameAddress(value, out address);
    }

    private NameAddress ReadAddress(HeaderName name) => TrySplitAddress(Message, name, out var address)
        ? address.Keep()
        : throw new InvalidOperationException($"{name} was read, but its message has been let go.");

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
            if (message.IsRepeated(name))
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
            if (method.Length == known.Length && Ascii.Equals(method, known))
            {
                return known;
            }
        }

        return SipText.Keep(method);
    }
}
