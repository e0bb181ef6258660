namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// BroadWorks and Webex: <c>broadWorksRecordingMetadata</c> with the tracking id that both halves of a call share, the
/// recorded user and the numbers.
/// </summary>
internal sealed class BroadWorksDialect : IMetadataDialect
{
    public void Read(DialectInput input, FactDraft facts)
    {
        foreach (var extension in input.Extensions)
        {
            if (!extension.Name.Equals("broadWorksRecordingMetadata", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var element in ExtensionReader.Read(extension.Xml))
            {
                if (element.Name == "extTrackingID" && element.Value.Length > 0)
                {
                    facts.Add(VendorFactNames.TrackingId, element.Value);
                    facts.Link("broadworks:" + element.Value);
                }
                else if (element.Name == "userID")
                {
                    facts.Add(VendorFactNames.UserId, element.Value);
                }
            }
        }
    }
}
