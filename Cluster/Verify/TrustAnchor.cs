using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace Talreg.Verify;

/// <summary>A log's verifier key, <c>name+{key id}+base64(0x01 ‖ public key)</c> (FORMAT §6, C2SP signed-note). Immutable.</summary>
public sealed class TrustAnchor
{
    private const byte Ed25519Algorithm = 0x01;
    private readonly PublicKey _key;

    private TrustAnchor(string line, KeyText text)
    {
        Line = line;
        Name = text.Name;
        KeyId = text.KeyId;
        _key = text.Key;
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
        var line = verifierKeyLine ?? "";
        if (line.EndsWith('\n'))
        {
            line = line[..^1];
        }

        trust = KeyText.TryParse(line, Ed25519Algorithm, out var text, out reason) ? new TrustAnchor(line, text) : null;
        return trust is not null;
    }

    internal bool Verifies(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(_key, text, signature);
}
