using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Evidence.Ledger;

/// <summary>The public half of a log's key (C2SP signed-note): <c>name+{key id, 8 hex}+base64(0x01 ‖ public key)</c>.</summary>
public sealed class VerifierKey
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 128;

    /// <summary>The signature type of Ed25519 in C2SP signed-note.</summary>
    private const byte Ed25519Type = 1;
    private const int PublicKeyLength = 32;
    private readonly PublicKey _key;

    internal VerifierKey(string name, PublicKey key)
    {
        _key = key;
        Name = name;
        KeyId = ComputeKeyId(name, key.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The log's name, which is its checkpoints' origin too.</summary>
    public string Name { get; }

    /// <summary>First 4 bytes of <c>SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)</c>.</summary>
    public uint KeyId { get; }

    /// <summary>Reads the one-line form.</summary>
    public static bool TryParse(string line, [NotNullWhen(true)] out VerifierKey? key, out string reason)
    {
        ArgumentNullException.ThrowIfNull(line);
        key = null;
        reason = "not name+keyid+base64";

        // Base64 may hold '+' itself: only the first two separate.
        var parts = line.Split('+', 3);
        if (parts.Length != 3 || !IsName(parts[0]) || parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id))
        {
            return false;
        }

        reason = "the key is not base64 of 0x01 and 32 bytes";
        if (!StrictBase64.TryDecode(parts[2], 1 + PublicKeyLength, out var bytes) || bytes[0] != Ed25519Type
            || !PublicKey.TryImport(
                SignatureAlgorithm.Ed25519, bytes.AsSpan(1), KeyBlobFormat.RawPublicKey, out var imported))
        {
            return false;
        }

        var parsed = new VerifierKey(parts[0], imported!);
        reason = "the key id is not that of name and key";
        if (parsed.KeyId != id)
        {
            return false;
        }

        key = parsed;
        reason = string.Empty;
        return true;
    }

    /// <summary>The one-line form, without a line end.</summary>
    public override string ToString()
    {
        byte[] bytes = [Ed25519Type, .. _key.Export(KeyBlobFormat.RawPublicKey)];
        return $"{Name}+{KeyId:x8}+{Convert.ToBase64String(bytes)}";
    }

    /// <summary>True for a name that a note may carry: no white space, no control character, no plus sign.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => c is > ' ' and < (char)0x7F and not '+');

    internal bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(_key, text, signature);

    private static uint ComputeKeyId(string name, byte[] publicKey)
    {
        byte[] text = [.. Encoding.UTF8.GetBytes(name), 0x0A, Ed25519Type, .. publicKey];
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(text));
    }
}

/// <summary>Base64 in its one canonical form: padded, no white space, no stray bits.</summary>
internal static class StrictBase64
{
    internal static bool TryDecode(string text, int length, out byte[] bytes)
    {
        bytes = new byte[length];
        return Base64.IsValid(text)
            && text.Length == (length + 2) / 3 * 4
            && Convert.TryFromBase64String(text, bytes, out var written)
            && written == length
            && Convert.ToBase64String(bytes) == text;
    }
}
