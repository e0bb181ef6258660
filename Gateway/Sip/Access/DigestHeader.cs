using Talreg.Sip.Messages;

namespace Talreg.Sip.Access;

/// <summary>An Authorization header of scheme Digest (RFC 3261 §22.4, RFC 7616 §3.4).</summary>
internal sealed record DigestHeader
{
    public string User { get; private set; } = "";

    public string Realm { get; private set; } = "";

    public string Nonce { get; private set; } = "";

    public string Uri { get; private set; } = "";

    public string Response { get; private set; } = "";

    /// <summary>The algorithm; MD5 where none is named (RFC 7616 §3.3).</summary>
    public string Algorithm { get; private set; } = "MD5";

    public string ClientNonce { get; private set; } = "";

    public string Protection { get; private set; } = "";

    /// <summary>The count of requests sent with the nonce, eight hexadecimal digits.</summary>
    public string Count { get; private set; } = "";

    /// <summary>Reads a header; false when it is of another scheme or lacks its value.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out DigestHeader header)
    {
        header = new DigestHeader();
        var blank = value.IndexOf((byte)' ');
        if (blank < 0 || !System.Text.Ascii.EqualsIgnoreCase(value[..blank], "Digest"u8))
        {
            return false;
        }

        foreach (var item in new CommaList(value[blank..]))
        {
            var equals = item.IndexOf((byte)'=');
            if (equals <= 0)
            {
                return false;
            }

            var text = SipText.Keep(SipText.Unquote(SipText.Trim(item[(equals + 1)..])));
            header.Set(SipText.Keep(SipText.Trim(item[..equals])).ToLowerInvariant(), text);
        }

        return true;
    }

    private void Set(string name, string text)
    {
        switch (name)
        {
            case "username":
                User = text;
                break;
            case "realm":
                Realm = text;
                break;
            case "nonce":
                Nonce = text;
                break;
            case "uri":
                Uri = text;
                break;
            case "response":
                Response = text;
                break;
            case "algorithm":
                Algorithm = text;
                break;
            case "cnonce":
                ClientNonce = text;
                break;
            case "qop":
                Protection = text;
                break;
            case "nc":
                Count = text;
                break;
            default:
                // opaque and what later documents add take no part in the digest.
                break;
        }
    }
}
