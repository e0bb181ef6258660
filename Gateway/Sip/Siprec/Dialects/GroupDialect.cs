namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// What the RFCs themselves give to tie calls together: the communication session group (RFC 7865 §6.3), which
/// AudioCodes
/// keeps over a transfer, and the Session-ID (RFC 7989) in the metadata, which Metaswitch keeps over both recordings of
/// one.
/// </summary>
internal sealed class GroupDialect : IMetadataDialect
{
    private const int UuidDigits = 32;

    public void Read(DialectInput input, FactDraft facts)
    {
        foreach (var group in input.Metadata?.Groups ?? [])
        {
            if (group.Id.Length > 0)
            {
                facts.Link("group:" + group.Id);
            }
        }

        foreach (var session in input.Metadata?.Sessions ?? [])
        {
            foreach (var id in session.SipSessionIds.SelectMany(Halves))
            {
                facts.Link("session-id:" + id);
            }
        }
    }

    // 32 digits;remote=32 digits. Either half may be the one that a second recording shares; all zeros is nobody.
    private static IEnumerable<string> Halves(string text) => text
        .Split(';', StringSplitOptions.TrimEntries)
        .Select(half => half.StartsWith("remote=", StringComparison.OrdinalIgnoreCase) ? half[7..] : half)
        .Where(half => half.Length == UuidDigits && half.All(char.IsAsciiHexDigit) && half.Any(digit => digit != '0'));
}
