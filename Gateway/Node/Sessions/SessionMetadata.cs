using Talreg.Contracts.Calls;
using Talreg.Sip;
using Talreg.Sip.Sdp;
using Talreg.Sip.Siprec;
using Talreg.Sip.Siprec.Dialects;

namespace Talreg.Gateway.Sessions;

/// <summary>
/// What a recording session's messages have said so far of who speaks where (RFC 7865, vendors' dialects), in the
/// cluster's words. Immutable: each message gives the next one.
/// </summary>
internal sealed record SessionMetadata
{
    private const int MaxTextLength = 256;

    private static readonly (MetadataDoubt Doubt, string Flag)[] Words =
    [
        (MetadataDoubt.LabelMismatch, CallFlags.LabelMismatch),
        (MetadataDoubt.LabelDuplicate, CallFlags.LabelDuplicate),
        (MetadataDoubt.SenderUnknown, CallFlags.SenderUnknown),
        (MetadataDoubt.ReferenceDangling, CallFlags.ReferenceDangling),
        (MetadataDoubt.PartyPlaceholder, CallFlags.PartyPlaceholder),
        (MetadataDoubt.ClockUnreliable, CallFlags.ClockUnreliable),
    ];

    private bool _isFaulty;
    private bool _isMissing;
    private MetadataDoubt _doubts;

    /// <summary>The metadata as merged.</summary>
    public MetadataState State { get; private init; } = MetadataState.Empty;

    /// <summary>The session description last offered.</summary>
    public SessionDescription? Sdp { get; private init; }

    /// <summary>
    /// Everyone named so far; without metadata those of a vendor's headers, else the From header's party.
    /// </summary>
    public required IReadOnlyList<Participant> Participants { get; init; }

    /// <summary>Doubts, sorted. One that was once there stays.</summary>
    public IReadOnlyList<string> Flags { get; private init; } = [];

    /// <summary>What vendors say.</summary>
    public IReadOnlyList<CallAttribute> Attributes { get; private init; } = [];

    /// <summary>Parties that a vendor named in headers, by m-line where it said so.</summary>
    private IReadOnlyList<VendorParty> Parties { get; init; } = [];

    /// <summary>Why the client should be asked for a full snapshot (RFC 7866 §9.2); null for no need.</summary>
    public string? SnapshotReason
    {
        get
        {
            var curable = _doubts & MetadataDoubts.Curable;
            return _isFaulty ? "metadata could not be read"
                : _isMissing ? "metadata missing"
                : curable == MetadataDoubt.None ? null : $"metadata inconsistent: {curable}";
        }
    }

    /// <summary>The timeline so far.</summary>
    public IReadOnlyList<TimelineEntry> Timeline =>
    [
        .. State.History.Select(entry => new TimelineEntry(
            entry.At,
            Cut(entry.Participant)!,
            (TimelineChange)entry.Change,
            Cut(State.Streams.FirstOrDefault(stream => stream.Id == entry.Stream)?.Label) ?? "")),
    ];

    /// <summary>What a first INVITE says.</summary>
    public static SessionMetadata Begin(SessionOffer offer, DateTimeOffset now) =>
        new SessionMetadata { Participants = [] }.Change(offer, now);

    /// <summary>What is known after a further message.</summary>
    public SessionMetadata Change(SessionOffer offer, DateTimeOffset now)
    {
        var facts = MetadataDialects.Read(offer);
        var state = offer.Metadata is { } document ? State.Apply(document, now) : State;
        var sdp = offer.Sdp ?? Sdp;
        var isMissing = state.Participants.Count == 0 && state.Streams.Count == 0 && offer.MetadataFault is null;
        var doubts = isMissing || offer.MetadataFault is not null
            ? MetadataDoubt.None
            : MetadataDoubts.Find(state, sdp);
        var parties = facts.Parties.Count > 0 ? facts.Parties : Parties;
        return this with
        {
            _isFaulty = offer.MetadataFault is not null,
            _isMissing = isMissing,
            _doubts = doubts,
            State = state,
            Sdp = sdp,
            Parties = parties,
            Participants = ParticipantsOf(state, parties, offer),
            Attributes = [.. Attributes.Union(AttributesOf(facts, offer)).Take(CallTransitions.MaxFacts)],
            Flags = [.. FlagsOf(state, doubts, isMissing, offer).Union(Flags).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>The participant that speaks on an m-line; null when it is nobody known, or several.</summary>
    public string? SenderOf(int mediaIndex)
    {
        if (Sdp is null || mediaIndex >= Sdp.Media.Count)
        {
            return null;
        }

        var party = Parties.ToList().FindIndex(one => one.MediaIndex == mediaIndex);
        var isNamedByHeader = State.Streams.Count == 0 && party >= 0;
        return State.SenderOf(Sdp.Media[mediaIndex].Label) ?? (isNamedByHeader ? PartyId(party) : null);
    }

    /// <summary>Whether a message changed nothing that the cluster would be told.</summary>
    public bool SaysWhat(SessionMetadata other) =>
        State.History.Count == other.State.History.Count
        && Participants.SequenceEqual(other.Participants)
        && Attributes.SequenceEqual(other.Attributes)
        && Flags.SequenceEqual(other.Flags);

    private static IReadOnlyList<Participant> ParticipantsOf(
        MetadataState state, IReadOnlyList<VendorParty> parties, SessionOffer offer)
    {
        if (state.Participants.Count > 0)
        {
            return [.. state.Participants.Select(ToParticipant)];
        }

        return parties.Count > 0
            ? [.. parties.Select((party, i) => new Participant { Id = PartyId(i), Aor = Cut(party.Aor)! })]
            : [new Participant { Id = "from", Aor = Cut(offer.From.Uri.Text)!, Name = Cut(offer.From.DisplayName) }];
    }

    private static Participant ToParticipant(MetadataParticipant participant)
    {
        var name = participant.Names.Count > 0 ? participant.Names[0] : new MetadataName("", null);
        var aor = name.Aor.Contains(':', StringComparison.Ordinal) ? name.Aor : $"sip:{name.Aor}";
        return new Participant { Id = Cut(participant.Id)!, Aor = Cut(aor)!, Name = Cut(name.Name) };
    }

    /// <summary>What dialects understood, and vendors' elements as they stand, whether understood or not.</summary>
    private static IEnumerable<CallAttribute> AttributesOf(VendorFacts facts, SessionOffer offer) =>
        facts.Facts.Select(fact => new CallAttribute(fact.Name, fact.Value))
            .Concat((offer.Metadata?.Extensions ?? []).Take(VendorFacts.MaxFacts).Select(extension =>
                new CallAttribute("extension:" + Cut(extension.Name), Verbatim(extension.Xml))));

    private static string Verbatim(string xml) =>
        xml.Length <= VendorFacts.MaxValueLength ? xml : xml[..VendorFacts.MaxValueLength];

    private static List<string> FlagsOf(
        MetadataState state, MetadataDoubt doubts, bool isMissing, SessionOffer offer)
    {
        var flags = Words.Where(word => doubts.HasFlag(word.Doubt)).Select(word => word.Flag).ToList();
        if (offer.MetadataFault is not null)
        {
            flags.Add(CallFlags.MetadataInvalid);
        }
        else if (isMissing)
        {
            flags.Add(CallFlags.MetadataMissing);
        }

        if (state.IsCut)
        {
            flags.Add(CallFlags.TimelineCut);
        }

        return flags;
    }

    private static string PartyId(int index) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"party{index + 1}");

    private static string? Cut(string? text) => text is { Length: > MaxTextLength } ? text[..MaxTextLength] : text;
}
