using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Talreg.Verify;

/// <summary>The text of a checkpoint: <c>origin ⏎ size ⏎ base64(root) ⏎</c> (FORMAT §6).</summary>
internal sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    public static bool TryParse(
        string text, [NotNullWhen(true)] out Checkpoint? checkpoint, [NotNullWhen(false)] out string? reason)
    {
        checkpoint = null;
        reason = null;
        var lines = text.Split('\n');
        if (lines.Length != 4 || lines[3].Length != 0)
        {
            reason = "not three lines: origin, size, root";
        }
        else if (!TryParseSize(lines[1], out var size))
        {
            reason = "the size is not a decimal number";
        }
        else if (!Base64.TryParse(lines[2], out var root) || root.Length != 32)
        {
            reason = "the root is not base64 of 32 bytes";
        }
        else
        {
            checkpoint = new Checkpoint(lines[0], size, root);
        }

        return checkpoint is not null;
    }

    /// <summary>A decimal number without sign or leading zeros.</summary>
    public static bool TryParseSize(string text, out long size) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size)
        && string.Equals(size.ToString(CultureInfo.InvariantCulture), text, StringComparison.Ordinal);
}
