using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Evidence.Ledger;

namespace Talreg.Silo.Reading;

/// <summary>
/// The key with which a cluster's silos sign tickets, derived from the cluster's key: gateways cannot sign.
/// </summary>
internal static class TicketKeys
{
    private const string Name = "talreg-read-tickets";

    /// <summary>Makes the signer; the caller disposes it.</summary>
    public static LogSigner Signer(RootKey cluster)
    {
        Span<byte> seed = stackalloc byte[LogSigner.SeedLength];
        HKDF.Expand(HashAlgorithmName.SHA256, cluster.Span, seed, "talreg/1/read-tickets"u8);
        try
        {
            return new LogSigner(Name, seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }
}
