using System.Globalization;
using System.Text;

namespace Talreg.Benchmarks.Capture;

/// <summary>Writes what rtpengine's control protocol is written in: strings, lists and dictionaries, keys in order.</summary>
internal static class Bencode
{
    internal static string Write(IReadOnlyDictionary<string, object> members)
    {
        var text = new StringBuilder("d");
        foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            Append(text, name);
            Append(text, value);
        }

        return text.Append('e').ToString();
    }

    private static void Append(StringBuilder text, object value)
    {
        if (value is string[] list)
        {
            text.Append('l');
            foreach (var item in list)
            {
                Append(text, item);
            }

            text.Append('e');
        }
        else
        {
            var word = (string)value;
            text.Append(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(word)}:{word}");
        }
    }
}
