namespace Talreg.Sip.Messages;

/// <summary>
/// A URI of a SIP message (RFC 3261 §19.1), or any other absolute URI, of which then only <see cref="Text"/> and
/// <see cref="Scheme"/> are filled and <see cref="User"/> holds a <c>tel:</c> number.
/// </summary>
public sealed record SipUri
{
    /// <summary>The whole URI as it came.</summary>
    public required string Text { get; init; }

    /// <summary>The scheme in lower case: <c>sip</c>, <c>sips</c>, <c>tel</c>, …</summary>
    public required string Scheme { get; init; }

    /// <summary>The user part, percent-encoding undone; the number of a <c>tel:</c> URI; null where there is none.</summary>
    public string? User { get; init; }

    /// <summary>The host, without the brackets of an IPv6 address; empty where the scheme has none.</summary>
    public string Host { get; init; } = "";

    /// <summary>The port, or null.</summary>
    public int? Port { get; init; }

    /// <summary>The URI parameters from the first semicolon on, as they came; empty where there are none.</summary>
    public string Parameters { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>The value of From, To, Contact, Route and the like (RFC 3261 §20.10).</summary>
public sealed record NameAddress
{
    /// <summary>The display name, unquoted; null where there is none.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The URI.</summary>
    public required SipUri Uri { get; init; }

    /// <summary>The tag parameter, or null.</summary>
    public string? Tag { get; init; }

    /// <summary>The header parameters from the first semicolon on, as they came; empty where there are none.</summary>
    public string Parameters { get; init; } = "";
}
