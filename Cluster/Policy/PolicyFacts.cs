using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy;

/// <summary>
/// What a policy may look at. Members that are null are not known; a rule that asks for them does not match.
/// </summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Line">The line's name.</param>
/// <param name="Calling">The calling party: an address of record or a number.</param>
/// <param name="Called">The called party: an address of record or a number.</param>
/// <param name="Direction">Direction of the call, seen from the line.</param>
public readonly record struct PolicyFacts(
    string Interface, string Line, string Calling, string Called, CallDirection Direction)
{
    /// <summary>The attribute that says what a call is for, a name.</summary>
    public const string PurposeField = "purpose";

    /// <summary>The attribute that says which language is spoken (RFC 5646).</summary>
    public const string LanguageField = "language";

    /// <summary>The attribute that says <c>true</c> while card data comes next.</summary>
    public const string CardDataField = "cardDataNext";

    /// <summary>The prefix of attributes that say what is known of a consent, such as <c>consent:quality</c>.</summary>
    public const string ConsentField = "consent:";

    /// <summary>The tenant's name.</summary>
    public string? Tenant { get; init; }

    /// <summary>When the call began.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Everyone who takes part, as far as it is known; the first 30 are looked at.</summary>
    public IReadOnlyList<Participant>? Participants { get; init; }

    /// <summary>Fields of the metadata; the first 256 are looked at.</summary>
    public IReadOnlyList<CallAttribute>? Fields { get; init; }

    /// <summary>What is known of consents, beside what the fields say; one entry for each person and purpose.</summary>
    public IReadOnlyList<ConsentFact>? Consents { get; init; }

    /// <summary>
    /// True when waiting for more facts is over: rules that say <c>pending</c> do not apply any more.
    /// </summary>
    public bool PendingOver { get; init; }

    /// <summary>The facts of an offer.</summary>
    public static PolicyFacts Of(CallOffer offer) => new(
        offer.Interface, offer.Line, offer.Calling, offer.Called, offer.Direction)
    {
        Tenant = offer.Tenant,
        At = offer.At,
        Participants = offer.Participants,
        Fields = offer.Attributes,
    };

    /// <summary>The facts of a call as they are known now.</summary>
    public static PolicyFacts Of(CallDocument call)
    {
        var channel = call.Channels.Count > 0 ? call.Channels[0] : "";
        var slash = channel.IndexOf('/', StringComparison.Ordinal);
        return new PolicyFacts(
            slash < 0 ? "" : channel[..slash],
            channel[(slash + 1)..],
            call.Participants.Count > 0 ? call.Participants[0].Aor : "",
            call.Participants.Count > 1 ? call.Participants[1].Aor : "",
            call.Direction ?? CallDirection.Unknown)
        {
            Tenant = call.Tenant,
            At = call.StartedAt,
            Participants = call.Participants,
            Fields = call.Attributes,
        };
    }
}

/// <summary>What is known of one person's consent.</summary>
/// <param name="Purpose">What was to be agreed to.</param>
/// <param name="State">What is known.</param>
public readonly record struct ConsentFact(string Purpose, ConsentState State);
