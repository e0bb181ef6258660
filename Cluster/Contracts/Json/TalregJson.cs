using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Talreg.Contracts.Calls;

namespace Talreg.Contracts.Json;

/// <summary>The JSON of <c>/api/v1</c>, of exports and of the read model: one form everywhere.</summary>
/// <remarks>
/// Members and enum values in camelCase; ids as strings; times as RFC 3339 in UTC with exactly three digits of
/// milliseconds; a verdict's retention as <c>retentionDays</c>; nulls are written.
/// </remarks>
public static class TalregJson
{
    /// <summary>The options; read-only and safe on every thread.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var resolver = new DefaultJsonTypeInfoResolver();
        resolver.Modifiers.Add(WriteRetentionInDays);
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            // A number's leading + stays readable. What is put into HTML is encoded there.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            DefaultIgnoreCondition = JsonIgnoreCondition.Never,
            NumberHandling = JsonNumberHandling.Strict,
            TypeInfoResolver = resolver,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new CallIdConverter());
        options.Converters.Add(new TakeIdConverter());
        options.Converters.Add(new Rfc3339Converter());
        options.MakeReadOnly();
        return options;
    }

    private static void WriteRetentionInDays(JsonTypeInfo type)
    {
        if (type.Type != typeof(Verdict))
        {
            return;
        }

        foreach (var property in type.Properties)
        {
            if (property.PropertyType == typeof(TimeSpan))
            {
                property.Name = "retentionDays";
                property.CustomConverter = new DaysConverter();
            }
        }
    }
}
