using System.Globalization;
using System.Text;

namespace Talreg.Verify.Tests;

/// <summary>Writes canonical JSON for samples: a second reading of the format's conventions, for plain ASCII text.</summary>
internal static class SampleJson
{
    public static byte[] Of(object? value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case int or long:
                text.Append(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case string word:
                text.Append('"').Append(word).Append('"');
                break;
            case IReadOnlyDictionary<string, object?> members:
                text.Append('{');
                text.AppendJoin(',', members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m =>
                {
                    var one = new StringBuilder($"\"{m.Key}\":");
                    Write(one, m.Value);
                    return one;
                }));
                text.Append('}');
                break;
            case System.Collections.IEnumerable items:
                text.Append('[');
                text.AppendJoin(',', items.Cast<object?>().Select(i =>
                {
                    var one = new StringBuilder();
                    Write(one, i);
                    return one;
                }));
                text.Append(']');
                break;
            default:
                throw new ArgumentException($"No JSON for {value.GetType()}", nameof(value));
        }
    }
}
