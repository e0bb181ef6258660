namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// Every header that carries somebody's identity, under its own name: <c>X-…</c>, <c>P-…</c> and the like.
/// </summary>
internal sealed class HeaderDialect : IMetadataDialect
{
    public void Read(DialectInput input, FactDraft facts)
    {
        foreach (var header in input.Headers)
        {
            facts.Add(VendorFactNames.Header + header.Name, header.Value);
        }
    }
}
