using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Verify.Tests;

/// <summary>A log of one tenant: key, notes, tree. Written from FORMAT §6.</summary>
internal sealed class SampleLog
{
    private readonly Key _key;
    private readonly byte[] _keyId;
    private readonly byte[] _encoded;

    public SampleLog(byte seed, string tenant)
    {
        var secret = new byte[32];
        Array.Fill(secret, seed);
        _key = Key.Import(SignatureAlgorithm.Ed25519, secret, KeyBlobFormat.RawPrivateKey);
        Name = $"talreg-{seed:x8}.{tenant}";
        _encoded = [0x01, .. _key.PublicKey.Export(KeyBlobFormat.RawPublicKey)];
        _keyId = SHA256.HashData([.. Encoding.ASCII.GetBytes(Name), 0x0A, .. _encoded])[..4];
    }

    public string Name { get; }

    public string VerifierKey => $"{Name}+{Convert.ToHexStringLower(_keyId)}+{Convert.ToBase64String(_encoded)}";

    public TrustAnchor Trust =>
        TrustAnchor.TryParse(VerifierKey, out var trust, out var reason)
            ? trust
            : throw new InvalidOperationException(reason);

    public List<byte[]> Entries { get; } = [];

    public byte[] Sign(string text)
    {
        var signature = SignatureAlgorithm.Ed25519.Sign(_key, Encoding.UTF8.GetBytes(text));
        return Encoding.UTF8.GetBytes($"{text}\n\u2014 {Name} {Convert.ToBase64String([.. _keyId, .. signature])}\n");
    }

    public byte[] Checkpoint(int? size = null)
    {
        var entries = Entries[..(size ?? Entries.Count)];
        return Sign($"{Name}\n{entries.Count}\n{Convert.ToBase64String(Root(entries))}\n");
    }

    /// <summary>RFC 6962 §2.1.1, by its recursive definition.</summary>
    public List<byte[]> Proof(int index) => Path(index, Entries);

    public static byte[] Entry(long index, byte[] salt, byte[] body)
    {
        var entry = new byte[58];
        (entry[0], entry[1]) = (1, 1);
        BinaryPrimitives.WriteUInt64BigEndian(entry.AsSpan(2), (ulong)index);
        BinaryPrimitives.WriteInt64BigEndian(entry.AsSpan(10), SampleBundle.StartedAt + 2000);
        SHA256.HashData([.. "talreg/1/leaf"u8, .. salt, .. body]).CopyTo(entry, 26);
        return entry;
    }

    private static byte[] Root(List<byte[]> entries)
    {
        if (entries.Count == 1)
        {
            return SHA256.HashData([0x00, .. entries[0]]);
        }

        var k = Split(entries.Count);
        return SHA256.HashData([0x01, .. Root(entries[..k]), .. Root(entries[k..])]);
    }

    private static List<byte[]> Path(int index, List<byte[]> entries)
    {
        if (entries.Count == 1)
        {
            return [];
        }

        var k = Split(entries.Count);
        return index < k
            ? [.. Path(index, entries[..k]), Root(entries[k..])]
            : [.. Path(index - k, entries[k..]), Root(entries[..k])];
    }

    // The largest power of two smaller than n.
    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }
}
