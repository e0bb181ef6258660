using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// A public Ed25519 key as C2SP signed-note writes it, <c>name+{key id, 8 hex}+base64(type ‖ public key)</c>; the key id is the
/// first 4 bytes of <c>SHA-256(name ‖ 0x0A ‖ type ‖ public key)</c>, so that one key of two types has two ids.
/// </summary>
internal sealed record KeyLine(string Name, byte Type, PublicKey Key, uint KeyId)
{
    internal const int MaxNameLength = 128;

    private const int PublicKeyLength = 32;

    internal static KeyLine Of(string name, byte type, PublicKey key)
    {
        byte[] text = [.. Encoding.UTF8.GetBytes(name), 0x0A, type, .. key.Export(KeyBlobFormat.RawPublicKey)];
        return new KeyLine(name, type, key, BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(text)));
    }

    internal static bool TryParse(
        string line, byte type, [NotNullWhen(true)] out KeyLine? parsed, out string reason)
    {
        ArgumentNullException.ThrowIfNull(line);
        parsed = null;
        reason = "not name+keyid+base64";

        // Base64 may hold '+' itself: only the first two separate.
        var parts = line.Split('+', 3);
        if (parts.Length != 3 || !IsName(parts[0]) || parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id))
        {
            return false;
        }

        reason = $"the key is not base64 of 0x{type:x2} and 32 bytes";
        if (!StrictBase64.TryDecode(parts[2], 1 + PublicKeyLength, out var bytes) || bytes[0] != type
            || !PublicKey.TryImport(
                SignatureAlgorithm.Ed25519, bytes.AsSpan(1), KeyBlobFormat.RawPublicKey, out var imported))
        {
            return false;
        }

        var read = Of(parts[0], type, imported!);
        reason = "the key id is not that of name and key";
        if (read.KeyId != id)
        {
            return false;
        }

        parsed = read;
        reason = string.Empty;
        return true;
    }

    /// <summary>True for a name that a note may carry: no white space, no control character, no plus sign.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => c is > ' ' and < (char)0x7F and not '+');

    /// <summary>The line, without its end.</summary>
    public override string ToString()
    {
        byte[] bytes = [Type, .. Key.Export(KeyBlobFormat.RawPublicKey)];
        return $"{Name}+{KeyId:x8}+{Convert.ToBase64String(bytes)}";
    }
}
