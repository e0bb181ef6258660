using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Talreg.Evidence.Ledger;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">Who signed.</param>
/// <param name="KeyId">Which key.</param>
/// <param name="Signature">The signature, 64 bytes for Ed25519.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);

/// <summary>
/// A C2SP signed note: <c>text ⏎ — name base64(u32 key id ‖ signature) ⏎ …</c>, where the text ends with ⏎ and is what is
/// signed.
/// </summary>
public sealed class SignedNote
{
    /// <summary>The longest note, in characters.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>The most signature lines that are read.</summary>
    public const int MaxSignatures = 16;

    private const string SignaturePrefix = "— ";
    private const int MaxSignatureLength = 4096;

    private SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        Text = text;
        Signatures = signatures;
    }

    /// <summary>What was signed, with its closing line end.</summary>
    public string Text { get; }

    /// <summary>The signatures, unchecked, in order.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note; checks no signature.</summary>
    public static bool TryParse(string note, [NotNullWhen(true)] out SignedNote? parsed, out string reason)
    {
        ArgumentNullException.ThrowIfNull(note);
        parsed = null;
        if (note.Length > MaxLength)
        {
            reason = "the note is too long";
            return false;
        }

        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !note.EndsWith('\n') || !IsText(note))
        {
            reason = "not a text, an empty line and signature lines";
            return false;
        }

        var lines = note[(end + 2)..].Split('\n')[..^1];
        if (lines.Length is 0 or > MaxSignatures)
        {
            reason = $"a note has 1 to {MaxSignatures} signatures";
            return false;
        }

        var signatures = new List<NoteSignature>(lines.Length);
        foreach (var line in lines)
        {
            if (!TryParseSignature(line, out var signature))
            {
                reason = "a signature line is malformed";
                return false;
            }

            signatures.Add(signature);
        }

        parsed = new SignedNote(note[..(end + 1)], signatures);
        reason = string.Empty;
        return true;
    }

    /// <summary>True when the key signed this text. Lines of other keys are ignored; a wrong line of this key refuses.</summary>
    public bool IsSignedBy(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var text = Encoding.UTF8.GetBytes(Text);
        var own = Signatures.Where(line => line.Name == key.Name && line.KeyId == key.KeyId).ToList();
        return own.Count > 0 && own.TrueForAll(line => key.Verify(text, line.Signature.Span));
    }

    internal static string Format(string text, string name, uint keyId, ReadOnlySpan<byte> signature)
    {
        if (!IsSignable(text))
        {
            throw new ArgumentException("A note's text ends with a line end and has no other control.", nameof(text));
        }

        return $"{text}\n{FormatLine(name, keyId, signature)}";
    }

    /// <summary>A signature line with its end.</summary>
    internal static string FormatLine(string name, uint keyId, ReadOnlySpan<byte> signature)
    {
        var bytes = new byte[4 + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, keyId);
        signature.CopyTo(bytes.AsSpan(4));
        return $"{SignaturePrefix}{name} {Convert.ToBase64String(bytes)}\n";
    }

    internal static bool IsSignable(string text) =>
        text.Length <= MaxLength - 1024 && text.EndsWith('\n') && IsText(text);

    /// <summary>No control character but the line end, and no lone surrogate, which would be signed as something else.</summary>
    private static bool IsText(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if ((rune.Value < 0x20 && rune.Value != '\n') || rune.Value == 0x7F || rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryParseSignature(string line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith(SignaturePrefix, StringComparison.Ordinal) || line.Length > MaxSignatureLength)
        {
            return false;
        }

        var parts = line[SignaturePrefix.Length..].Split(' ');
        if (parts.Length != 2 || !KeyLine.IsName(parts[0]))
        {
            return false;
        }

        var padding = parts[1].EndsWith("==", StringComparison.Ordinal) ? 2 : parts[1].EndsWith('=') ? 1 : 0;
        var length = (parts[1].Length / 4 * 3) - padding;
        if (length < 5 || !StrictBase64.TryDecode(parts[1], length, out var bytes))
        {
            return false;
        }

        signature = new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(4));
        return true;
    }
}
