namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// Avaya: the universal call id in <c>User-to-User</c> or in an <c>ucid</c> element. That its border controller names
/// itself
/// at first is told by <see cref="MetadataDoubts.IsPlaceholder"/>.
/// </summary>
internal sealed class AvayaDialect : IMetadataDialect
{
    public void Read(DialectInput input, FactDraft facts)
    {
        var elements = input.Extensions
            .Where(extension => extension.Name.EndsWith("ucid", StringComparison.OrdinalIgnoreCase))
            .Select(extension => extension.Value);
        foreach (var text in input.HeadersNamed("User-to-User").Concat(elements))
        {
            if (Ucid.Read(text) is { } ucid)
            {
                facts.Add(VendorFactNames.Ucid, ucid);
                facts.Link("ucid:" + ucid);
            }
        }
    }
}
