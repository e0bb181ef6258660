using System.Security.Cryptography;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Tests.Ledger;

/// <summary>RFC 6962 §2.1 written down again, over whole lists, as a reference.</summary>
internal sealed class NaiveTree(IReadOnlyList<byte[]> entries) : IMerkleNodes
{
    public static byte[] Mth(IReadOnlyList<byte[]> d)
    {
        if (d.Count == 0)
        {
            return SHA256.HashData([]);
        }

        if (d.Count == 1)
        {
            return SHA256.HashData([0, .. d[0]]);
        }

        var k = K(d.Count);
        return SHA256.HashData([1, .. Mth([.. d.Take(k)]), .. Mth([.. d.Skip(k)])]);
    }

    public static List<byte[]> Path(int m, IReadOnlyList<byte[]> d)
    {
        if (d.Count == 1)
        {
            return [];
        }

        var k = K(d.Count);
        return m < k
            ? [.. Path(m, [.. d.Take(k)]), Mth([.. d.Skip(k)])]
            : [.. Path(m - k, [.. d.Skip(k)]), Mth([.. d.Take(k)])];
    }

    public static List<byte[]> Proof(int m, IReadOnlyList<byte[]> d) => SubProof(m, d, true);

    public byte[] Node(int level, long index) => Mth([.. entries.Skip((int)(index << level)).Take(1 << level)]);

    private static List<byte[]> SubProof(int m, IReadOnlyList<byte[]> d, bool b)
    {
        if (m == d.Count)
        {
            return b ? [] : [Mth(d)];
        }

        var k = K(d.Count);
        return m <= k
            ? [.. SubProof(m, [.. d.Take(k)], b), Mth([.. d.Skip(k)])]
            : [.. SubProof(m - k, [.. d.Skip(k)], false), Mth([.. d.Take(k)])];
    }

    private static int K(int n)
    {
        var k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }
}
