using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Verify;

/// <summary>An Ed25519 key in the one-line form of C2SP signed-note, whose key id binds name, type and key.</summary>
internal sealed record KeyText(string Name, byte[] KeyId, PublicKey Key)
{
    private const int MaxLineLength = 512;

    public static bool TryParse(
        string line, byte algorithm, [NotNullWhen(true)] out KeyText? text, [NotNullWhen(false)] out string? reason)
    {
        text = null;
        reason = null;

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
        else if (!Base64.TryParse(parts[2], out var encoded) || encoded.Length != 33 || encoded[0] != algorithm)
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
            text = new KeyText(parts[0], keyId, key);
        }

        return text is not null;
    }

    private static byte[] MakeId(string name, byte[] encoded) =>
        SHA256.HashData([.. Encoding.ASCII.GetBytes(name), 0x0A, .. encoded])[..4];
}
