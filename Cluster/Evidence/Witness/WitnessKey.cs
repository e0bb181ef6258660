using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using NSec.Cryptography;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>
/// The public half of a witness's key (C2SP tlog-cosignature): <c>name+{key id}+base64(0x04 ‖ public key)</c>. A line of another
/// type, such as a log's, does not read as one.
/// </summary>
public sealed class WitnessKey
{
    /// <summary>Bytes of a cosignature: <c>u64 Unix seconds ‖ Ed25519 signature</c>.</summary>
    internal const int SignatureLength = 8 + 64;

    /// <summary>The signature type of timestamped Ed25519 cosignatures.</summary>
    internal const byte Type = 4;

    private readonly KeyLine _line;

    internal WitnessKey(KeyLine line) => _line = line;

    /// <summary>The witness's name.</summary>
    public string Name => _line.Name;

    /// <summary>First 4 bytes of <c>SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key)</c>.</summary>
    public uint KeyId => _line.KeyId;

    /// <summary>Reads the one-line form.</summary>
    public static bool TryParse(string line, [NotNullWhen(true)] out WitnessKey? key, out string reason)
    {
        key = KeyLine.TryParse(line, Type, out var parsed, out reason) ? new WitnessKey(parsed) : null;
        return key is not null;
    }

    /// <summary>The one-line form, without a line end.</summary>
    public override string ToString() => _line.ToString();

    /// <summary>When this witness cosigned a checkpoint; null when the note has no valid cosignature of its.</summary>
    /// <remarks>A wrong line of a known key refuses, right ones beside it or not.</remarks>
    public DateTimeOffset? CosignedAt(SignedNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        DateTimeOffset? at = null;
        foreach (var line in note.Signatures.Where(line => line.Name == Name && line.KeyId == KeyId))
        {
            if (!TryVerify(note.Text, line.Signature.Span, out var seconds))
            {
                return null;
            }

            at = DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        return at;
    }

    /// <summary>What is signed: a header line, the time, and the checkpoint's text.</summary>
    internal static byte[] Message(string text, long unixSeconds) => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {unixSeconds}\n{text}"));

    private bool TryVerify(string text, ReadOnlySpan<byte> signature, out long seconds)
    {
        seconds = signature.Length == SignatureLength ? BinaryPrimitives.ReadInt64BigEndian(signature) : -1;
        return seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            && SignatureAlgorithm.Ed25519.Verify(_line.Key, Message(text, seconds), signature[8..]);
    }
}
