using System.Text;

namespace Talreg.Verify;

/// <summary>Text from a bundle as it may reach a terminal: no control characters, no endless lines.</summary>
internal static class Printable
{
    public static string Of(string text)
    {
        var cut = text.Length > Limits.MaxTextLength;
        if (!cut && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var result = new StringBuilder();
        foreach (var c in cut ? text.AsSpan(0, Limits.MaxTextLength) : text)
        {
            result.Append(c is >= ' ' and <= '~' ? c : '?');
        }

        return cut ? result.Append("...").ToString() : result.ToString();
    }
}
