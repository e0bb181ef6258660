using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using NSec.Cryptography;

namespace Talreg.Verify;

/// <summary>A witness's key, <c>name+{key id}+base64(0x04 ‖ public key)</c> (FORMAT §6, C2SP tlog-cosignature). Immutable.</summary>
public sealed class WitnessAnchor
{
    private const byte CosignatureAlgorithm = 0x04;
    private const int TimeLength = 8;
    private const int SignatureLength = 64;

    /// <summary>The last second of the year 9999: what a report can still write.</summary>
    private const ulong LastSecond = 253_402_300_799;
    private readonly PublicKey _key;

    private WitnessAnchor(string line, string name, byte[] keyId, PublicKey key)
    {
        Line = line;
        Name = name;
        KeyId = keyId;
        _key = key;
    }

    /// <summary>The line it was read from.</summary>
    public string Line { get; }

    /// <summary>The witness's name.</summary>
    public string Name { get; }

    internal byte[] KeyId { get; }

    /// <summary>Reads a witness's key.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="witness">The key, when the line reads.</param>
    /// <param name="reason">What is wrong with it, when it does not.</param>
    public static bool TryParse(
        string line, [NotNullWhen(true)] out WitnessAnchor? witness, [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(line);
        witness = null;
        reason = KeyText.TryParse(line, CosignatureAlgorithm, out var text, out var why) ? null : why;
        if (text is not null)
        {
            witness = new WitnessAnchor(line, text.Name, text.KeyId, text.Key);
        }

        return reason is null;
    }

    /// <summary>Whether a signature is this witness's over a checkpoint's text, and when it was made.</summary>
    internal bool Verifies(ReadOnlySpan<byte> text, byte[] signature, out DateTimeOffset at)
    {
        at = default;
        if (signature.Length != TimeLength + SignatureLength)
        {
            return false;
        }

        var seconds = BinaryPrimitives.ReadUInt64BigEndian(signature);
        if (seconds > LastSecond)
        {
            return false;
        }

        at = DateTimeOffset.FromUnixTimeSeconds((long)seconds);
        var head = string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {seconds}\n");
        return SignatureAlgorithm.Ed25519.Verify(
            _key, [.. Encoding.ASCII.GetBytes(head), .. text], signature.AsSpan(TimeLength));
    }
}
