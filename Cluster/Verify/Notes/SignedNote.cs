using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Talreg.Verify;

/// <summary>One signature line: <c>— name base64(key id ‖ signature)</c>.</summary>
internal sealed record NoteSignature(string Name, byte[] KeyId, byte[] Signature);

/// <summary>A signed note (C2SP signed-note): text, an empty line, signature lines.</summary>
internal sealed record SignedNote(ReadOnlyMemory<byte> Bytes, string Text, IReadOnlyList<NoteSignature> Signatures)
{
    private const string Dash = "\u2014 ";

    public static bool TryParse(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out SignedNote? note, [NotNullWhen(false)] out string? reason)
    {
        note = null;
        reason = null;
        if (bytes.Length > Limits.MaxNoteBytes)
        {
            reason = $"over {Limits.MaxNoteBytes} bytes";
            return false;
        }

        var split = bytes.Span.LastIndexOf("\n\n"u8);
        if (split < 0 || bytes.Span[^1] != '\n' || !System.Text.Unicode.Utf8.IsValid(bytes.Span))
        {
            reason = "not a signed note: no empty line, no line end, or not UTF-8";
            return false;
        }

        var text = bytes[..(split + 1)];
        var lines = Encoding.UTF8.GetString(bytes.Span[(split + 2)..]).Split('\n')[..^1];
        var signatures = new List<NoteSignature>();
        foreach (var line in lines.Take(Limits.MaxSignatures + 1))
        {
            var parts = line.StartsWith(Dash, StringComparison.Ordinal) ? line[Dash.Length..].Split(' ') : [];
            if (parts is not [{ Length: > 0 }, _] || !Base64.TryParse(parts[1], out var blob) || blob.Length < 5)
            {
                reason = $"signature line {signatures.Count + 1} does not read";
                return false;
            }

            signatures.Add(new NoteSignature(parts[0], blob[..4], blob[4..]));
        }

        if (signatures.Count is 0 or > Limits.MaxSignatures)
        {
            reason = $"no signature, or more than {Limits.MaxSignatures}";
            return false;
        }

        note = new SignedNote(text, Encoding.UTF8.GetString(text.Span), signatures);
        return true;
    }

    /// <summary>True when exactly one line is by this key and it verifies.</summary>
    public bool IsSignedBy(TrustAnchor key, out string detail)
    {
        var own = Signatures.Where(s => string.Equals(s.Name, key.Name, StringComparison.Ordinal)
            && s.KeyId.AsSpan().SequenceEqual(key.KeyId)).ToList();
        if (own.Count != 1)
        {
            detail = $"{own.Count} signatures by {key.Name} with key {Hex.Of(key.KeyId)}, not one";
            return false;
        }

        var valid = key.Verifies(Bytes.Span, own[0].Signature);
        detail = valid
            ? $"signed by {key.Name}, key {Hex.Of(key.KeyId)}"
            : $"the signature by {key.Name} is not of this text";
        return valid;
    }
}
