using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace Talreg.Evidence.Ledger;

/// <summary>The public half of a log's key (C2SP signed-note): <c>name+{key id, 8 hex}+base64(0x01 ‖ public key)</c>.</summary>
public sealed class VerifierKey
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = KeyLine.MaxNameLength;

    /// <summary>The signature type of Ed25519 in C2SP signed-note.</summary>
    private const byte Ed25519Type = 1;

    private readonly KeyLine _line;

    internal VerifierKey(string name, PublicKey key)
        : this(KeyLine.Of(name, Ed25519Type, key))
    {
    }

    private VerifierKey(KeyLine line) => _line = line;

    /// <summary>The log's name, which is its checkpoints' origin too.</summary>
    public string Name => _line.Name;

    /// <summary>First 4 bytes of <c>SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)</c>.</summary>
    public uint KeyId => _line.KeyId;

    /// <summary>Reads the one-line form.</summary>
    public static bool TryParse(string line, [NotNullWhen(true)] out VerifierKey? key, out string reason)
    {
        key = KeyLine.TryParse(line, Ed25519Type, out var parsed, out reason) ? new VerifierKey(parsed) : null;
        return key is not null;
    }

    /// <summary>The one-line form, without a line end.</summary>
    public override string ToString() => _line.ToString();

    internal bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(_line.Key, text, signature);
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
