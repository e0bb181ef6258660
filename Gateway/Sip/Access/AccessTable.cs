using Talreg.Sip.Transport;

namespace Talreg.Sip.Access;

/// <summary>Finds the client that a message comes from. Immutable; any thread.</summary>
internal sealed class AccessTable(SipAccess access)
{
    private static readonly SipPeer Anyone = new() { Name = "" };

    /// <summary>The client, or null when nobody who may record comes this way.</summary>
    public SipPeer? Find(in SipFlow flow)
    {
        if (access.Peers.Count == 0)
        {
            return Anyone;
        }

        foreach (var peer in access.Peers)
        {
            if (Fits(peer, flow))
            {
                return peer;
            }
        }

        return null;
    }

    private static bool Fits(SipPeer peer, in SipFlow flow)
    {
        var address = flow.Remote.Address.IsIPv4MappedToIPv6
            ? flow.Remote.Address.MapToIPv4()
            : flow.Remote.Address;
        var comesFromThere = peer.Networks.Count == 0 || peer.Networks.Any(network => network.Contains(address));
        var names = flow.CertificateNames ?? [];
        return comesFromThere && (peer.CertificateNames.Count == 0
            || names.Any(name => peer.CertificateNames.Contains(name, StringComparer.OrdinalIgnoreCase)));
    }
}
