using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Talreg.Verify;

/// <summary>Names in fixed fields: ASCII <c>[a-z0-9-]</c>, padded with zero bytes (FORMAT, conventions).</summary>
internal static class Names
{
    public static bool TryRead(ReadOnlySpan<byte> field, [NotNullWhen(true)] out string? name)
    {
        name = null;
        var end = field.IndexOf((byte)0);
        var text = end < 0 ? field : field[..end];
        if (text.Length == 0 || field[text.Length..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        foreach (var b in text)
        {
            if (b is not ((>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-'))
            {
                return false;
            }
        }

        name = Encoding.ASCII.GetString(text);
        return true;
    }

    /// <summary>The field of a name; null when the name does not fit it.</summary>
    public static byte[]? Field(string name, int length)
    {
        var field = new byte[length];
        if (name.Length > length || !Ascii.IsValid(name))
        {
            return null;
        }

        Encoding.ASCII.GetBytes(name, field);
        return TryRead(field, out _) ? field : null;
    }
}
