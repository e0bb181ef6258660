using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Talreg.Contracts.Calls;

namespace Talreg.Contracts.Json;

/// <summary>A call's id as its string.</summary>
internal sealed class CallIdConverter : JsonConverter<CallId>
{
    public override CallId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        CallId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not a call's id.");

    public override void Write(Utf8JsonWriter writer, CallId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

/// <summary>A take's id as its string.</summary>
internal sealed class TakeIdConverter : JsonConverter<TakeId>
{
    public override TakeId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Guid.TryParseExact(reader.GetString(), "D", out var id)
            ? new TakeId(id)
            : throw new JsonException("Not a take's id.");

    public override void Write(Utf8JsonWriter writer, TakeId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

/// <summary>A time as RFC 3339 in UTC with three digits of milliseconds; what is finer is cut.</summary>
internal sealed class Rfc3339Converter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString() ?? string.Empty;

        // A time without its offset would be read as local time.
        var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        return hasOffset && reader.TryGetDateTimeOffset(out var value)
            ? value.ToUniversalTime()
            : throw new JsonException("Not a time in RFC 3339 with its offset.");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture));
}

/// <summary>A retention as a whole number of days; what is finer is cut.</summary>
internal sealed class DaysConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var days = reader.GetInt32();
        return Math.Abs((long)days) <= (long)TimeSpan.MaxValue.TotalDays
            ? TimeSpan.FromDays(days)
            : throw new JsonException("More days than a retention can have.");
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue((long)value.TotalDays);
}

/// <summary>What a rule says of keys pressed; null is the default, as where the member is left out.</summary>
internal sealed class RuleDigitsConverter : JsonConverter<DigitHandling>
{
    public override bool HandleNull => true;

    public override DigitHandling Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? DigitHandling.Store : reader.GetString() switch
        {
            "store" => DigitHandling.Store,
            "mask" => DigitHandling.Mask,
            "suppress" => DigitHandling.Suppress,
            _ => throw new JsonException("Not store, mask or suppress."),
        };

    public override void Write(Utf8JsonWriter writer, DigitHandling value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value switch
        {
            DigitHandling.Store => "store",
            DigitHandling.Mask => "mask",
            _ => "suppress",
        });
}
