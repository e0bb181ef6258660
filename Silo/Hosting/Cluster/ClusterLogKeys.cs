using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Grains.Ledger;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>
/// The ledgers' signing keys of a cluster, derived from its key, so that a ledger signs the same on whichever silo it is.
/// </summary>
internal sealed class ClusterLogKeys(RootKey cluster) : ILogKeySource
{
    /// <inheritdoc />
    public Task<LogKey> GetOrCreateAsync(string tenant, CancellationToken cancellationToken)
    {
        Span<byte> tenantKey = stackalloc byte[KeyTree.KeySize];
        KeyTree.TenantKey(cluster.Span, tenant, tenantKey);
        var seed = new byte[KeyTree.KeySize];
        HKDF.Expand(HashAlgorithmName.SHA256, tenantKey, seed, "talreg/1/ledger-signing"u8);
        CryptographicOperations.ZeroMemory(tenantKey);
        return Task.FromResult(new LogKey(seed, LogKeySource.NameOf(seed)));
    }
}
