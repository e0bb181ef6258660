using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Keys;
using Talreg.Grains.Interfaces;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>
/// The heartbeats' keys of a cluster, derived from its key; what a gateway is given signs no ledger and opens no other
/// interface.
/// </summary>
internal sealed class ClusterHeartbeatKeys(RootKey cluster) : IHeartbeatKeys
{
    /// <inheritdoc />
    public ReadOnlyMemory<byte> KeyOf(string interfaceKey)
    {
        var key = new byte[KeyTree.KeySize];
        HKDF.Expand(
            HashAlgorithmName.SHA256, cluster.Span, key, Encoding.UTF8.GetBytes($"talreg/1/heartbeat/{interfaceKey}"));
        return key;
    }
}
