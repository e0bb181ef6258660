using System.Globalization;
using System.Net;
using System.Text;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Messages;

/// <summary>What a response says beyond the headers copied from its request.</summary>
internal sealed record ResponseParts(int Status, string Reason)
{
    /// <summary>Our tag; added unless the request's To has one.</summary>
    public string? ToTag { get; init; }

    /// <summary>Whole header lines, each with its line end.</summary>
    public string Headers { get; init; } = "";

    /// <summary>Whether Record-Route is copied: responses that make a dialog (RFC 3261 §12.1.1).</summary>
    public bool MakesDialog { get; init; }

    public string? ContentType { get; init; }

    public byte[] Body { get; init; } = [];
}

/// <summary>Writes responses (RFC 3261 §8.2.6). Stateless.</summary>
internal static class ResponseWriter
{
    public const int DefaultPort = 5060;
    public const int DefaultTlsPort = 5061;

    /// <summary>Where responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4).</summary>
    public static SipFlow ResponseFlow(in SipFlow flow, ViaHeader via)
    {
        if (flow.IsReliable)
        {
            // Its connection, or else a new one to where the client listens.
            var port = via.Port ?? (flow.Transport.Kind == SipTransportKind.Tls ? DefaultTlsPort : DefaultPort);
            return flow with { Fallback = new SipTarget(new IPEndPoint(flow.Remote.Address, port), via.Host) };
        }

        return via.WantsRport
            ? flow
            : flow with { Remote = new IPEndPoint(flow.Remote.Address, via.Port ?? DefaultPort) };
    }

    public static byte[] Write(SipMessage request, ViaHeader via, IPEndPoint source, ResponseParts parts)
    {
        var text = new StringBuilder(1_024);
        text.Append(CultureInfo.InvariantCulture, $"SIP/2.0 {parts.Status} {parts.Reason}\r\n");
        var isTop = true;
        foreach (ref readonly var slot in request.Headers)
        {
            var value = request.Value(slot);
            switch (slot.Name)
            {
                case HeaderName.Via when isTop:
                    isTop = false;
                    AppendTopVia(text, via, source, value);
                    break;
                case HeaderName.Via:
                    Append(text, "Via", value);
                    break;
                case HeaderName.From:
                    Append(text, "From", value);
                    break;
                case HeaderName.To:
                    AppendTo(text, value, parts.ToTag);
                    break;
                case HeaderName.CallId:
                    Append(text, "Call-ID", value);
                    break;
                case HeaderName.CSeq:
                    Append(text, "CSeq", value);
                    break;
                case HeaderName.RecordRoute when parts.MakesDialog:
                    Append(text, "Record-Route", value);
                    break;
                default:
                    break;
            }
        }

        text.Append(parts.Headers);
        if (parts.ContentType is { } type)
        {
            text.Append("Content-Type: ").Append(type).Append("\r\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {parts.Body.Length}\r\n\r\n");
        return [.. Encoding.UTF8.GetBytes(text.ToString()), .. parts.Body];
    }

    private static void Append(StringBuilder text, string name, ReadOnlySpan<byte> value) =>
        text.Append(name).Append(": ").Append(SipText.Keep(value)).Append("\r\n");

    private static void AppendTo(StringBuilder text, ReadOnlySpan<byte> value, string? tag)
    {
        var hasTag = SipUriParser.TrySplitNameAddress(value, out var to) && to.HasTag;
        text.Append("To: ").Append(SipText.Keep(value));
        _ = tag is null || hasTag ? text : text.Append(";tag=").Append(tag);
        text.Append("\r\n");
    }

    /// <summary>The topmost Via tells its sender what address and port we saw.</summary>
    private static void AppendTopVia(StringBuilder text, ViaHeader via, IPEndPoint source, ReadOnlySpan<byte> value)
    {
        var comma = SipText.IndexOutside(value, (byte)',');
        var top = SipText.Keep(ViaHeader.FirstOf(value));
        var rport = via.WantsRport ? top.IndexOf(";rport", StringComparison.OrdinalIgnoreCase) : -1;
        text.Append("Via: ");
        if (rport >= 0)
        {
            var end = top.IndexOfAny([';', ','], rport + 1);
            text.Append(top, 0, rport).Append(end < 0 ? "" : top[end..])
                .Append(CultureInfo.InvariantCulture, $";received={source.Address};rport={source.Port}");
        }
        else
        {
            text.Append(top);
            _ = IPAddress.TryParse(via.Host, out var sentBy) && sentBy.Equals(source.Address)
                ? text
                : text.Append(";received=").Append(source.Address);
        }

        _ = comma < 0 ? text : text.Append(SipText.Keep(value[comma..]));
        text.Append("\r\n");
    }
}
