using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Verify;

/// <summary>A log's verifier key, <c>name+{key id}+base64(0x01 ‖ public key)</c> (FORMAT §6, C2SP signed-note). Immutable.</summary>
public sealed class TrustAnchor
{
    private const byte Ed25519Algorithm = 0x01;
    private const int MaxLineLength = 512;
    private readonly PublicKey _key;

    private TrustAnchor(string line, string name, byte[] keyId, PublicKey key)
    {
        Line = line;
        Name = name;
        KeyId = keyId;
        _key = key;
    }

    /// <summary>The line it was read from, without its end.</summary>
    public string Line { get; }

    /// <summary>The log's name, which is also the origin of its checkpoints.</summary>
    public string Name { get; }

    internal byte[] KeyId { get; }

    /// <summary>Reads a verifier key.</summary>
    /// <param name="verifierKeyLine">The line; one LF at its end is allowed.</param>
    /// <param name="trust">The key, when the line reads.</param>
    /// <param name="reason">What is wrong with it, when it does not.</param>
    public static bool TryParse(
        string? verifierKeyLine, [NotNullWhen(true)] out TrustAnchor? trust, [NotNullWhen(false)] out string? reason)
    {
        trust = null;
        reason = null;
        var line = verifierKeyLine ?? "";
        if (line.EndsWith('\n'))
        {
            line = line[..^1];
        }

        // Base64 may hold a plus sign too, so only the first two separate.
        var parts = line.Split('+', 3);
        if (line.Length > MaxLineLength || parts.Length != 3)
        {
            reason = "not of the form name+keyid+key";
        }
        else if (parts[0].Length == 0 || parts[0].AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            reason = "the name is empty or not printable";
        }
        else if (!Hex.TryParse(parts[1], 4, out var keyId))
        {
            reason = "the key id is not 8 lower-case hexadecimal digits";
        }
        else if (!Base64.TryParse(parts[2], out var encoded) || encoded.Length != 33 || encoded[0] != Ed25519Algorithm)
        {
            reason = "the key is not base64 of an Ed25519 public key";
        }
        else if (!MakeId(parts[0], encoded).AsSpan().SequenceEqual(keyId))
        {
            reason = "the key id is not that of name and key";
        }
        else if (!PublicKey.TryImport(
            SignatureAlgorithm.Ed25519, encoded.AsSpan(1), KeyBlobFormat.RawPublicKey, out var key) || key is null)
        {
            reason = "the public key is not a point of Ed25519";
        }
        else
        {
            trust = new TrustAnchor(line, parts[0], keyId, key);
        }

        return trust is not null;
    }

    internal bool Verifies(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(_key, text, signature);

    private static byte[] MakeId(string name, byte[] encoded) =>
        SHA256.HashData([.. Encoding.ASCII.GetBytes(name), 0x0A, .. encoded])[..4];
}
