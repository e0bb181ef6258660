namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// Oracle (Acme Packet): elements of the extension data namespace within participants and sessions, such as
/// <c>apkt:ucid</c>, <c>apkt:callerOrig</c>, <c>apkt:callingParty</c>, <c>apkt:realm</c> and
/// <c>apkt:header label="…"</c>.
/// </summary>
internal sealed class OracleDialect : IMetadataDialect
{
    private const string Space = "http://acmepacket.com/siprec/extensiondata";

    public void Read(DialectInput input, FactDraft facts)
    {
        foreach (var extension in input.Extensions)
        {
            if (!extension.Xml.Contains(Space, StringComparison.Ordinal) && extension.Namespace != Space)
            {
                continue;
            }

            foreach (var element in ExtensionReader.Read(extension.Xml))
            {
                Read(element, facts);
            }
        }
    }

    private static void Read(ExtensionElement element, FactDraft facts)
    {
        switch (element.Name)
        {
            case "ucid" when Ucid.Read(element.Value) is { } ucid:
                facts.Add(VendorFactNames.Ucid, ucid);
                facts.Link("ucid:" + ucid);
                break;
            case "callerOrig":
                facts.Add(VendorFactNames.CallerOriginated, element.Value);
                break;
            case "callingParty":
                facts.Add(VendorFactNames.CallingParty, element.Value);
                break;
            case "realm" or "in-realm" or "out-realm":
                facts.Add(VendorFactNames.Realm, element.Value);
                break;
            case "header" when element.Label is { } label:
                facts.Add(VendorFactNames.Header + label, element.Value);
                break;
            default:
                // Others stay in the document, which is kept as it came.
                break;
        }
    }
}
