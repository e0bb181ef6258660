namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// Ribbon (Sonus): <c>callData</c> elements, copied from a header of the call's INVITE, up to 2,048 bytes.
/// </summary>
internal sealed class RibbonDialect : IMetadataDialect
{
    public void Read(DialectInput input, FactDraft facts)
    {
        foreach (var extension in input.Extensions)
        {
            if (extension.Name.Equals("callData", StringComparison.OrdinalIgnoreCase))
            {
                facts.Add(VendorFactNames.CallData, extension.Value);
            }
        }
    }
}
