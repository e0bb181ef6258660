using System.Net;
using System.Net.Sockets;
using System.Text;
using Talreg.Sip.Messages;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Dialogs;

/// <summary>Where a request of ours goes within a dialog (RFC 3261 §12.2.1.1, §8.1.2). Stateless.</summary>
internal static class NextHop
{
    /// <summary>
    /// The first route, or else the remote target. A stream is its own way back while it lives; afterwards a new one
    /// goes
    /// there under the same protection. Names are not looked up: what is no address leaves the source of the client's
    /// last
    /// request.
    /// </summary>
    /// <param name="last">What the client's last request came over.</param>
    /// <param name="routes">The route set.</param>
    /// <param name="target">The remote target.</param>
    public static SipFlow Find(in SipFlow last, IReadOnlyList<string> routes, string target)
    {
        var uri = routes.Count > 0 ? UriOf(routes[0]) : UriOf($"<{target}>");
        if (last.IsReliable)
        {
            var port = last.Transport.Kind == SipTransportKind.Tls
                ? ResponseWriter.DefaultTlsPort
                : ResponseWriter.DefaultPort;
            return uri is not null && TryReadAddress(uri, last.Remote.AddressFamily, out var host)
                ? last with { Fallback = new SipTarget(new IPEndPoint(host, uri.Port ?? port), uri.Host) }
                : last with { Fallback = new SipTarget(new IPEndPoint(last.Remote.Address, port), uri?.Host ?? "") };
        }

        return last.Transport.Kind == SipTransportKind.Udp && uri is not null
            && IsForDatagrams(uri) && TryReadAddress(uri, last.Remote.AddressFamily, out var address)
            ? last with { Remote = new IPEndPoint(address, uri.Port ?? ResponseWriter.DefaultPort) }
            : last;
    }

    /// <summary>
    /// Whether a route is that of a loose router; a strict one wants the Request-URI (RFC 3261 §16.4).
    /// </summary>
    public static bool IsLoose(string route) =>
        UriOf(route) is not { } uri
        || SipText.TryGetParameter(Encoding.UTF8.GetBytes(uri.Parameters), "lr"u8, out _);

    /// <summary>The URI of a route; null when it cannot be read.</summary>
    public static SipUri? UriOf(string route) =>
        SipUriParser.TryParseNameAddress(Encoding.UTF8.GetBytes(route), out var address) ? address!.Uri : null;

    private static bool IsForDatagrams(SipUri uri) =>
        uri.Scheme == "sip"
        && (!SipText.TryGetParameter(Encoding.UTF8.GetBytes(uri.Parameters), "transport"u8, out var transport)
            || Ascii.EqualsIgnoreCase(transport, "udp"u8));

    // One host only: an address that reaches many, or none, is not a client's.
    private static bool TryReadAddress(SipUri uri, AddressFamily family, out IPAddress address) =>
        IPAddress.TryParse(uri.Host, out address!) && address.AddressFamily == family
        && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !address.IsIPv6Multicast
        && !(family == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224);
}
