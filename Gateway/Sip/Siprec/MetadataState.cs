namespace Talreg.Sip.Siprec;

/// <summary>What happened to a party of a recorded session.</summary>
public enum PartyChange
{
    /// <summary>Takes part from now on.</summary>
    Joined,

    /// <summary>Takes part no more.</summary>
    Left,

    /// <summary>Its voice is on a stream from now on.</summary>
    Sends,

    /// <summary>Its voice is on that stream no more.</summary>
    StopsSending,
}

/// <summary>One entry of a session's history.</summary>
/// <param name="At">When, by the client's clock where it can be believed, else when the document came.</param>
/// <param name="Participant">Whose.</param>
/// <param name="Change">What.</param>
/// <param name="Stream">The stream's id for the last two; else empty.</param>
public readonly record struct PartyEvent(DateTimeOffset At, string Participant, PartyChange Change, string Stream = "");

/// <summary>
/// A session's metadata as it stands after all documents so far (RFC 7865 §6), and who was on which stream from when to
/// when. Immutable.
/// </summary>
public sealed record MetadataState
{
    /// <summary>The most participants and streams kept; further ones are not, and the state says so.</summary>
    public const int MaxItems = 256;

    /// <summary>The most history kept; further entries are not, and the state says so.</summary>
    public const int MaxHistory = 1_000;

    /// <summary>Nothing known yet.</summary>
    public static MetadataState Empty { get; } = new();

    /// <summary>Everyone who took part, those who left included, in the order they came.</summary>
    public IReadOnlyList<MetadataParticipant> Participants { get; init; } = [];

    /// <summary>Those who take part now.</summary>
    public IReadOnlySet<string> Present { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The streams.</summary>
    public IReadOnlyList<MetadataStream> Streams { get; init; } = [];

    /// <summary>By stream: who sends it now.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Senders { get; init; } =
        new Dictionary<string, IReadOnlySet<string>>(StringComparer.Ordinal);

    /// <summary>What changed and when, in the order of arrival.</summary>
    public IReadOnlyList<PartyEvent> History { get; init; } = [];

    /// <summary>Something was left out for <see cref="MaxItems"/> or <see cref="MaxHistory"/>.</summary>
    public bool IsCut { get; init; }

    /// <summary>A time was given that cannot be believed.</summary>
    public bool HasDoubtfulTimes { get; init; }

    /// <summary>
    /// The state after a document. A complete one replaces: what it does not name is over. A partial one adds: absence
    /// removes nothing, a disassociate-time does. The same document again changes nothing.
    /// </summary>
    /// <param name="document">The document.</param>
    /// <param name="now">When it came.</param>
    public MetadataState Apply(RecordingMetadata document, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(document);
        var change = new MetadataChange(this, now);
        change.Apply(document);
        return change.Finish();
    }

    /// <summary>
    /// Who sends the stream of a label: the one participant, or null when it is nobody or more than one.
    /// </summary>
    public string? SenderOf(string? label)
    {
        var stream = label is null ? null : Streams.FirstOrDefault(one => one.Label == label);
        return stream is not null && Senders.TryGetValue(stream.Id, out var senders) && senders.Count == 1
            ? senders.First()
            : null;
    }
}
