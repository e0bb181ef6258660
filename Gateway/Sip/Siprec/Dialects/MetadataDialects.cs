using Talreg.Sip.Messages;

namespace Talreg.Sip.Siprec.Dialects;

/// <summary>One vendor's way of saying things. Stateless: a message in, facts out.</summary>
internal interface IMetadataDialect
{
    /// <summary>Adds what this vendor's elements and headers in the message say; nothing when there are none.</summary>
    void Read(DialectInput input, FactDraft facts);
}

/// <summary>What dialects read.</summary>
/// <param name="Headers">The headers of interest.</param>
/// <param name="From">The From header.</param>
/// <param name="Metadata">The metadata, where it could be read.</param>
internal sealed record DialectInput(
    IReadOnlyList<SipHeaderField> Headers, NameAddress From, RecordingMetadata? Metadata)
{
    public IEnumerable<MetadataExtension> Extensions => Metadata?.Extensions ?? [];

    public IEnumerable<string> HeadersNamed(string name) =>
        Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(header => header.Value);
}

/// <summary>Facts being gathered; bounded.</summary>
internal sealed class FactDraft
{
    private readonly List<VendorFact> _facts = [];
    private readonly List<string> _links = [];
    private readonly List<VendorParty> _parties = [];
    private string? _callKey;

    public void Add(string name, string value)
    {
        var fact = new VendorFact(
            name, value.Length <= VendorFacts.MaxValueLength ? value : value[..VendorFacts.MaxValueLength]);
        if (value.Length > 0 && _facts.Count < VendorFacts.MaxFacts && !_facts.Contains(fact))
        {
            _facts.Add(fact);
        }
    }

    /// <summary>An id that all sessions of the call share; the first one counts.</summary>
    public void SetCallKey(string key) => _callKey ??= key;

    /// <summary>An id that calls which belong together share.</summary>
    public void Link(string key)
    {
        if (_links.Count < VendorFacts.MaxFacts && !_links.Contains(key, StringComparer.Ordinal))
        {
            _links.Add(key);
        }
    }

    public void Add(VendorParty party)
    {
        if (_parties.Count < VendorFacts.MaxFacts && !_parties.Contains(party))
        {
            _parties.Add(party);
        }
    }

    public VendorFacts Finish() => new()
    {
        Facts = _facts, CallKey = _callKey, LinkKeys = _links, Parties = _parties,
    };
}

/// <summary>
/// All dialects; a message may hold words of several, for instance of a PBX behind a border controller.
/// </summary>
public static class MetadataDialects
{
    private static readonly IMetadataDialect[] All =
    [
        new OracleDialect(), new CiscoDialect(), new AvayaDialect(), new RibbonDialect(), new BroadWorksDialect(),
        new GroupDialect(), new HeaderDialect(),
    ];

    /// <summary>What an offer says in any vendor's words.</summary>
    public static VendorFacts Read(SessionOffer offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        var input = new DialectInput(offer.Headers, offer.From, offer.Metadata);
        var facts = new FactDraft();
        foreach (var dialect in All)
        {
            dialect.Read(input, facts);
        }

        return facts.Finish();
    }
}
