using System.Diagnostics.CodeAnalysis;

namespace Talreg.Verify;

/// <summary>Base64 in its one canonical spelling: padded, no white space, spare bits zero (RFC 4648 §3.5).</summary>
internal static class Base64
{
    public static bool TryParse(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var buffer = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length)
            || !string.Equals(Convert.ToBase64String(buffer, 0, length), text, StringComparison.Ordinal))
        {
            return false;
        }

        bytes = buffer[..length];
        return true;
    }
}
