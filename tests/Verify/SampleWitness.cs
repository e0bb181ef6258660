using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Verify.Tests;

/// <summary>A witness: key and cosignatures. Written from FORMAT §6.</summary>
internal sealed class SampleWitness
{
    public const long At = 1_795_000_100;

    private readonly Key _key;
    private readonly byte[] _keyId;
    private readonly byte[] _encoded;

    public SampleWitness(byte seed)
    {
        var secret = new byte[32];
        Array.Fill(secret, seed);
        _key = Key.Import(SignatureAlgorithm.Ed25519, secret, KeyBlobFormat.RawPrivateKey);
        Name = $"auditor{seed}.example/w1";
        _encoded = [0x04, .. _key.PublicKey.Export(KeyBlobFormat.RawPublicKey)];
        _keyId = SHA256.HashData([.. Encoding.ASCII.GetBytes(Name), 0x0A, .. _encoded])[..4];
    }

    public string Name { get; }

    public string Line => $"{Name}+{Convert.ToHexStringLower(_keyId)}+{Convert.ToBase64String(_encoded)}";

    /// <summary>A checkpoint with this witness's cosignature behind the signatures it has.</summary>
    public byte[] Cosign(byte[] note, long at = At) => [.. note, .. Encoding.UTF8.GetBytes(Cosignature(note, at))];

    /// <summary>The signature line over a note's text.</summary>
    public string Cosignature(byte[] note, long at = At)
    {
        var text = Encoding.UTF8.GetString(note);
        text = text[..(text.LastIndexOf("\n\n", StringComparison.Ordinal) + 1)];
        var message = string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {at}\n{text}");
        var time = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, at);
        var signature = SignatureAlgorithm.Ed25519.Sign(_key, Encoding.UTF8.GetBytes(message));
        return $"\u2014 {Name} {Convert.ToBase64String([.. _keyId, .. time, .. signature])}\n";
    }
}
