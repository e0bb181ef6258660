using System.Text.Json;
using System.Text.Json.Serialization;
using Talreg.Contracts;

namespace Talreg.Api.Http;

/// <summary>The JSON of the API: camelCase members, enumerations as words, ids as text.</summary>
internal static class ApiJson
{
    /// <summary>Frozen at first use.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new IdConverter<CallId>(static value => new CallId(value), static id => id.Value));
        options.Converters.Add(new IdConverter<TakeId>(static value => new TakeId(value), static id => id.Value));
        return options;
    }

    private sealed class IdConverter<T>(Func<Guid, T> wrap, Func<T, Guid> unwrap) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            wrap(reader.GetGuid());

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(unwrap(value));
    }
}
