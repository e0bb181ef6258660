using System.Diagnostics.CodeAnalysis;

namespace Talreg.Contracts;

/// <summary>The id of a call: a UUIDv7, so that ids sort by the time they were handed out.</summary>
/// <param name="Value">The UUID.</param>
[GenerateSerializer, Immutable, Alias("Talreg.CallId")]
public readonly record struct CallId([property: Id(0)] Guid Value)
{
    /// <summary>A new id for a call that starts at <paramref name="now"/>.</summary>
    public static CallId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <summary>Reads the form that the API writes: 32 hexadecimal digits with four hyphens.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CallId id)
    {
        var ok = Guid.TryParseExact(text, "D", out var value);
        id = new CallId(value);
        return ok;
    }

    /// <inheritdoc />
    public override string ToString() => Value.ToString("D");
}

/// <summary>The id of a take: a UUIDv7 drawn by the gateway that captures it.</summary>
/// <param name="Value">The UUID.</param>
[GenerateSerializer, Immutable, Alias("Talreg.TakeId")]
public readonly record struct TakeId([property: Id(0)] Guid Value)
{
    /// <summary>A new id for a take that starts at <paramref name="now"/>.</summary>
    public static TakeId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <inheritdoc />
    public override string ToString() => Value.ToString("D");
}

/// <summary>Names of tenants, sites, interfaces, gateways and policies; and grain keys made of them.</summary>
public static class Names
{
    /// <summary>The tenant of the embedded default.</summary>
    public const string DefaultTenant = "default";

    /// <summary>The policy that decides where nothing else is configured.</summary>
    public const string DefaultPolicy = "default";

    /// <summary>
    /// The longest line name of a channel, in characters; a longer one is cut and flagged by the gateway.
    /// </summary>
    public const int MaxLineLength = 64;

    /// <summary>The longest name, in characters; a tenant's is as long as its field in a chunk header.</summary>
    public const int MaxLength = 32;

    /// <summary>True for 1 to 32 of <c>a-z 0-9 -</c>, not starting or ending with a hyphen.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name)
    {
        if (name is null || name.Length is 0 or > MaxLength || name[0] == '-' || name[^1] == '-')
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The key of a grain that belongs to a tenant: <c>{tenant}/{name}</c>.</summary>
    public static string Key(string tenant, string name) => $"{tenant}/{name}";

    /// <summary>The key of a channel: <c>{tenant}/{interface}/{line}</c>.</summary>
    public static string Channel(string tenant, string @interface, string line) => $"{tenant}/{@interface}/{line}";
}
