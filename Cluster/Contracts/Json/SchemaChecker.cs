using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Talreg.Contracts.Json;

/// <summary>
/// Checks JSON against a JSON Schema of ours (draft 2020-12) and says of each fault where, what and what is allowed.
/// </summary>
/// <remarks>
/// Of the standard it knows what our schemas use: <c>$ref</c> into <c>$defs</c>, <c>type</c>, <c>enum</c>,
/// <c>properties</c>, <c>required</c>, <c>additionalProperties: false</c>, <c>items</c>, and the bounds of lists, texts and whole numbers;
/// a
/// <c>pattern</c> matches the whole text. A schema that uses anything else is refused when it is loaded. Safe on every
/// thread.
/// </remarks>
internal sealed class SchemaChecker
{
    private static readonly string[] Known =
    [
        "$schema", "$id", "$comment", "$defs", "$ref", "title", "description", "type", "enum", "properties",
        "required", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength", "minimum",
        "maximum", "pattern",
    ];

    private readonly Dictionary<string, Regex> _patterns = new(StringComparer.Ordinal);
    private readonly JsonElement _schema;

    /// <summary>Loads a schema.</summary>
    /// <exception cref="InvalidOperationException">The schema uses a keyword that is not known here.</exception>
    public SchemaChecker(ReadOnlySpan<byte> schema)
    {
        var reader = new Utf8JsonReader(schema);
        _schema = JsonElement.ParseValue(ref reader);
        Prepare(_schema);
    }

    /// <summary>The faults, in the order of the text.</summary>
    /// <param name="value">The text.</param>
    /// <param name="most">The most that are looked for.</param>
    public IReadOnlyList<string> Check(JsonElement value, int most)
    {
        var run = new Run(this, most);
        run.Check(value, _schema, "");
        return run.Faults;
    }

    private void Prepare(JsonElement schema)
    {
        foreach (var member in schema.EnumerateObject())
        {
            if (!Known.Contains(member.Name))
            {
                throw new InvalidOperationException($"The schema's keyword '{member.Name}' is not known here.");
            }

            switch (member.Name)
            {
                case "properties" or "$defs":
                    foreach (var inner in member.Value.EnumerateObject())
                    {
                        Prepare(inner.Value);
                    }

                    break;
                case "items":
                    Prepare(member.Value);
                    break;
                case "pattern":
                    var text = member.Value.GetString()!;
                    _patterns[text] = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
                    break;
            }
        }
    }

    private JsonElement Resolve(JsonElement schema) => schema.TryGetProperty("$ref", out var reference)
        ? _schema.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..])
        : schema;

    /// <summary>One check: the faults found so far.</summary>
    private sealed class Run(SchemaChecker checker, int most)
    {
        private readonly List<string> _faults = [];

        public IReadOnlyList<string> Faults => _faults;

        public void Check(JsonElement value, JsonElement schema, string at)
        {
            if (_faults.Count >= most)
            {
                return;
            }

            schema = checker.Resolve(schema);
            if (!IsOfType(value, schema) || !IsAllowed(value, schema))
            {
                Add(at, $"held {Shown(value)}; it may hold {Allowed(schema)}");
            }
            else if (value.ValueKind == JsonValueKind.Object)
            {
                CheckMembers(value, schema, at);
            }
            else if (value.ValueKind == JsonValueKind.Array)
            {
                var items = schema.GetProperty("items");
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    Check(item, items, string.Create(CultureInfo.InvariantCulture, $"{at}[{index}]"));
                }
            }
        }

        private void CheckMembers(JsonElement value, JsonElement schema, string at)
        {
            var properties = schema.GetProperty("properties");
            foreach (var member in value.EnumerateObject())
            {
                if (properties.TryGetProperty(member.Name, out var inner))
                {
                    Check(member.Value, inner, Join(at, member.Name));
                }
                else
                {
                    var known = properties.EnumerateObject().Select(static property => property.Name);
                    Add(Join(at, Shorten(member.Name)), $"is not known; there may be {string.Join(", ", known)}");
                }
            }

            if (schema.TryGetProperty("required", out var required))
            {
                foreach (var name in required.EnumerateArray().Select(static name => name.GetString()!))
                {
                    if (!value.TryGetProperty(name, out _))
                    {
                        Add(Join(at, name), "is missing");
                    }
                }
            }
        }

        private bool IsAllowed(JsonElement value, JsonElement schema)
        {
            if (schema.TryGetProperty("enum", out var values))
            {
                return values.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value));
            }

            return value.ValueKind switch
            {
                JsonValueKind.String => IsAllowed(value.GetString()!, schema),
                JsonValueKind.Number => IsWithin(value.GetInt64(), schema, "minimum", "maximum"),
                JsonValueKind.Array => IsWithin(value.GetArrayLength(), schema, "minItems", "maxItems"),
                _ => true,
            };
        }

        private bool IsAllowed(string text, JsonElement schema) =>
            IsWithin(text.Length, schema, "minLength", "maxLength")
            && (!schema.TryGetProperty("pattern", out var pattern)
                || checker._patterns[pattern.GetString()!].Match(text) is { Success: true } match
                    && match.Length == text.Length);

        private void Add(string at, string fault)
        {
            if (_faults.Count < most)
            {
                _faults.Add(at.Length == 0 ? $"The body {fault}." : $"'{at}' {fault}.");
            }
        }
    }

    private static bool IsOfType(JsonElement value, JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return true;
        }

        return type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Any(one => IsOfType(value, one.GetString()!))
            : IsOfType(value, type.GetString()!);
    }

    private static bool IsOfType(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => value.ValueKind == JsonValueKind.Null,
    };

    private static bool IsWithin(long value, JsonElement schema, string low, string high) =>
        (!schema.TryGetProperty(low, out var least) || value >= least.GetInt64())
        && (!schema.TryGetProperty(high, out var most) || value <= most.GetInt64());

    private static string Allowed(JsonElement schema)
    {
        if (schema.TryGetProperty("description", out var description) && schema.TryGetProperty("pattern", out _))
        {
            return description.GetString()!;
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return string.Join(", ", values.EnumerateArray().Where(IsGiven).Select(static value => value.GetString()));
        }

        var type = schema.GetProperty("type");
        return (type.ValueKind == JsonValueKind.Array ? type[0] : type).GetString() switch
        {
            "object" => $"an object of {string.Join(
                ", ", schema.GetProperty("properties").EnumerateObject().Select(static member => member.Name))}",
            "array" => $"a list of {Bounds(schema, "minItems", "maxItems")}",
            "string" => $"a text of {Bounds(schema, "minLength", "maxLength")} characters",
            "integer" => $"a whole number, {Bounds(schema, "minimum", "maximum")}",
            _ => "true or false",
        };
    }

    private static bool IsGiven(JsonElement value) => value.ValueKind != JsonValueKind.Null;

    private static string Bounds(JsonElement schema, string low, string high)
    {
        var least = schema.TryGetProperty(low, out var given) ? given.GetInt64() : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{least} to {schema.GetProperty(high).GetInt64()}");
    }

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => string.Create(CultureInfo.InvariantCulture, $"a list of {value.GetArrayLength()}"),
        JsonValueKind.String => $"'{Shorten(value.GetString()!)}'",
        _ => Shorten(value.GetRawText()),
    };

    private static string Join(string at, string name) => at.Length == 0 ? name : $"{at}.{name}";

    private static string Shorten(string text) => text.Length > 80 ? text[..80] + "…" : text;
}
