namespace Talreg.Sip.Siprec.Dialects;

/// <summary>What a vendor says of a call beyond the RFCs, under names that do not depend on the vendor.</summary>
public sealed record VendorFacts
{
    /// <summary>The most facts of one message.</summary>
    public const int MaxFacts = 64;

    /// <summary>The longest value kept; a longer one is cut. Ribbon's call data may have 2,048 bytes.</summary>
    public const int MaxValueLength = 2_048;

    /// <summary>What was said, in order, each name and value once.</summary>
    public required IReadOnlyList<VendorFact> Facts { get; init; }

    /// <summary>
    /// The id that all recording sessions of one call share, as <c>vendor:id</c>; null where the vendor gives none.
    /// Where
    /// the metadata names a session that id comes first.
    /// </summary>
    public string? CallKey { get; init; }

    /// <summary>Ids shared with calls that belong together with this one, such as the legs of a transfer.</summary>
    public required IReadOnlyList<string> LinkKeys { get; init; }

    /// <summary>The parties, where the vendor names them outside of metadata.</summary>
    public required IReadOnlyList<VendorParty> Parties { get; init; }
}

/// <summary>One fact.</summary>
/// <param name="Name">One of <see cref="VendorFactNames"/>, or <c>header:</c> and a header's name.</param>
/// <param name="Value">Its value, as sent.</param>
public readonly record struct VendorFact(string Name, string Value);

/// <summary>A party that a vendor names in a header.</summary>
/// <param name="Aor">Its address of record.</param>
/// <param name="MediaIndex">Which m-line carries its voice, from 0; null where that is not said.</param>
public readonly record struct VendorParty(string Aor, int? MediaIndex);

/// <summary>The names of facts.</summary>
public static class VendorFactNames
{
    /// <summary>The universal call id, 20 decimal digits (Avaya, Oracle).</summary>
    public const string Ucid = "ucid";

    /// <summary>Cisco's id of a call, as sent.</summary>
    public const string CiscoGuid = "ciscoGuid";

    /// <summary>Cisco Communications Manager's reference of a call.</summary>
    public const string CiscoReference = "ciscoReference";

    /// <summary>Which end of a call a Cisco phone's stream is: <c>near</c> or <c>far</c>.</summary>
    public const string CiscoEnd = "ciscoEnd";

    /// <summary>Ribbon's call data.</summary>
    public const string CallData = "callData";

    /// <summary>Whether the participant called (Oracle).</summary>
    public const string CallingParty = "callingParty";

    /// <summary>Whether the recorded side began the call (Oracle).</summary>
    public const string CallerOriginated = "callerOrig";

    /// <summary>The realm of a participant (Oracle).</summary>
    public const string Realm = "realm";

    /// <summary>BroadWorks' id of a call over both of its halves.</summary>
    public const string TrackingId = "trackingId";

    /// <summary>The recorded user (BroadWorks).</summary>
    public const string UserId = "userId";

    /// <summary>The prefix of a header's name.</summary>
    public const string Header = "header:";
}
