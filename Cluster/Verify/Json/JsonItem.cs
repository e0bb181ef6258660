namespace Talreg.Verify;

internal enum JsonKind
{
    Null,
    Boolean,
    Integer,
    Text,
    List,
    Object,
}

/// <summary>A value of a canonical JSON document. Look-ups answer null instead of failing: absence is for the caller to name.</summary>
internal sealed class JsonItem
{
    public required JsonKind Kind { get; init; }

    /// <summary>The value's bytes in its document.</summary>
    public ReadOnlyMemory<byte> Raw { get; init; }

    public long Number { get; init; }

    public string? Text { get; init; }

    public IReadOnlyList<JsonItem> Items { get; init; } = [];

    public IReadOnlyDictionary<string, JsonItem>? Members { get; init; }

    public JsonItem? this[string name] => Members?.GetValueOrDefault(name);

    /// <summary>True for an object without any other member: a misspelt one must not read as one left out.</summary>
    public bool HasOnly(params ReadOnlySpan<string> names)
    {
        foreach (var name in Members?.Keys ?? [])
        {
            if (!names.Contains(name))
            {
                return false;
            }
        }

        return Members is not null;
    }

    public string? TextOf(string name) => this[name] is { Kind: JsonKind.Text } item ? item.Text : null;

    public long? NumberOf(string name) => this[name] is { Kind: JsonKind.Integer } item ? item.Number : null;

    public IReadOnlyList<JsonItem>? ListOf(string name) =>
        this[name] is { Kind: JsonKind.List } item ? item.Items : null;
}
