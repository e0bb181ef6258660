using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Talreg.Sip.Sdp;

/// <summary>
/// Writes answers (RFC 3264 §6): one m-line for each offered, in its order. One per dialog; used on the loop only.
/// </summary>
internal sealed class SdpAnswerBuilder
{
    private readonly string _sessionId;
    private string _lastBody = "";
    private uint _version;

    public SdpAnswerBuilder(ulong sessionId) => _sessionId = sessionId.ToString(CultureInfo.InvariantCulture);

    /// <summary>The description sent last, as bytes; empty before the first.</summary>
    public byte[] Last { get; private set; } = [];

    /// <summary>Whether the application's media fits the offer: as many, ports that exist.</summary>
    public static bool Fits(SessionDescription offer, IReadOnlyList<MediaAnswer> media) =>
        offer.Media.Count == media.Count
        && media.All(answer => answer.Port is >= 0 and <= 65_534)
        && media.All(answer => answer.Direction is MediaDirection.RecvOnly or MediaDirection.Inactive);

    /// <summary>Writes an answer. The version grows when and only when the description changes (RFC 3264 §8).</summary>
    public byte[] Write(SessionDescription offer, IReadOnlyList<MediaAnswer> media, IPAddress address)
    {
        var family = address.AddressFamily == AddressFamily.InterNetworkV6 ? "IP6" : "IP4";
        var body = new StringBuilder(512);
        body.Append("s=-\r\n").Append("c=IN ").Append(family).Append(' ').Append(address).Append("\r\nt=0 0\r\n");
        for (var i = 0; i < offer.Media.Count; i++)
        {
            WriteMedia(body, offer.Media[i], media[i]);
        }

        var text = body.ToString();
        _version += text == _lastBody ? 0u : 1u;
        _lastBody = text;
        var origin = string.Create(
            CultureInfo.InvariantCulture, $"v=0\r\no=talreg {_sessionId} {_version} IN {family} {address}\r\n");
        Last = Encoding.UTF8.GetBytes(origin + text);
        return Last;
    }

    private static void WriteMedia(StringBuilder body, SdpMedia offer, MediaAnswer answer)
    {
        // Nothing falls back to clear: SRTP that no key was agreed for is refused.
        var port = offer.Port == 0 || (offer.IsSecure && answer.Crypto is null) ? 0 : answer.Port;
        SdpFormat[] formats = answer.Formats is { } preferred
            ? [.. preferred.SelectMany(one => offer.Formats.Where(format => format.Format == one))]
            : [.. offer.Formats];
        if (formats.Length == 0 || port == 0)
        {
            // A refused stream still names a format (RFC 3264 §6).
            port = 0;
            formats = [offer.Formats[0]];
        }

        body.Append("m=").Append(offer.Kind).Append(' ').Append(port).Append(' ').Append(offer.Protocol);
        foreach (var format in formats)
        {
            body.Append(' ').Append(format.Format);
        }

        body.Append("\r\n");
        if (port != 0)
        {
            WriteFormats(body, formats);
            _ = offer.RtcpMux
                ? body.Append("a=rtcp-mux\r\n")
                : body.Append("a=rtcp:").Append(port + 1).Append("\r\n");
            WriteCrypto(body, answer.Crypto);
        }

        if (offer.Label is { } label)
        {
            body.Append("a=label:").Append(label).Append("\r\n");
        }

        var silent = offer.Direction is MediaDirection.Inactive or MediaDirection.RecvOnly;
        body.Append(silent || answer.Direction == MediaDirection.Inactive ? "a=inactive\r\n" : "a=recvonly\r\n");
    }

    private static void WriteCrypto(StringBuilder body, CryptoAnswer? crypto)
    {
        if (crypto is not null)
        {
            body.Append("a=crypto:").Append(crypto.Tag).Append(' ').Append(CryptoParser.NameOf(crypto.Suite))
                .Append(" inline:").Append(Convert.ToBase64String(crypto.KeyAndSalt.Span)).Append("\r\n");
        }
    }

    private static void WriteFormats(StringBuilder body, SdpFormat[] formats)
    {
        foreach (var format in formats)
        {
            if (format.IsMapped)
            {
                body.Append("a=rtpmap:").Append(format.Format).Append(' ').Append(format.Encoding).Append('/')
                    .Append(format.ClockRate);
                _ = format.Channels > 1 ? body.Append('/').Append(format.Channels) : body;
                body.Append("\r\n");
            }

            if (format.Fmtp is { } fmtp)
            {
                body.Append("a=fmtp:").Append(format.Format).Append(' ').Append(fmtp).Append("\r\n");
            }
        }
    }
}
