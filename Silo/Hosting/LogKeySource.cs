using System.Security.Cryptography;
using System.Text;
using Talreg.Grains.Ledger;
using Talreg.Store.Keys;

namespace Talreg.Silo.Hosting;

/// <summary>Keeps the ledgers' signing keys in the key store, one for each tenant.</summary>
internal sealed class LogKeySource(IKeyStore keys) : ILogKeySource
{
    private const int SeedLength = 32;

    /// <inheritdoc />
    public async Task<LogKey> GetOrCreateAsync(string tenant, CancellationToken cancellationToken)
    {
        var id = new Guid(
            SHA256.HashData(Encoding.ASCII.GetBytes($"talreg/1/ledger/{tenant}")).AsSpan(0, 16), bigEndian: true);
        var seed = new byte[SeedLength];
        if (!keys.TryGet(KeyKind.LedgerSigning, id, tenant, seed))
        {
            RandomNumberGenerator.Fill(seed);
            await keys.PutAsync(KeyKind.LedgerSigning, id, tenant, seed, cancellationToken).ConfigureAwait(false);
        }

        return new LogKey(seed, NameOf(seed));
    }

    /// <summary>A log's name. It must stay what it was for the key's whole life, so it is made of the key.</summary>
    public static string NameOf(ReadOnlySpan<byte> seed)
    {
        Span<byte> name = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(seed, "talreg/1/log-id"u8, name);
        return Convert.ToHexStringLower(name[..4]);
    }
}
