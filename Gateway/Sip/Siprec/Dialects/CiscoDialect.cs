using System.Globalization;
using System.Text;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// Cisco without metadata. CUBE: <c>Cisco-Guid</c> and one <c>X-Cisco-Recording-Participant: address;media-index=n</c>
/// for
/// each party. Communications Manager with a phone's built-in bridge: two SIP sessions, one for each end, whose From
/// carries
/// <c>x-nearend</c> or <c>x-farend</c> and the same <c>x-refci</c>.
/// </summary>
internal sealed class CiscoDialect : IMetadataDialect
{
    public void Read(DialectInput input, FactDraft facts)
    {
        foreach (var guid in input.HeadersNamed("Cisco-Guid"))
        {
            facts.Add(VendorFactNames.CiscoGuid, guid);
            facts.SetCallKey("cisco:" + guid);
        }

        foreach (var participant in input.HeadersNamed("X-Cisco-Recording-Participant"))
        {
            ReadParticipant(participant, facts);
        }

        ReadBridge(input.From, facts);
    }

    private static void ReadParticipant(string text, FactDraft facts)
    {
        if (!SipUriParser.TryParseNameAddress(Encoding.UTF8.GetBytes(text), out var party))
        {
            return;
        }

        var parameters = Encoding.UTF8.GetBytes(party!.Parameters);
        int? index = SipText.TryGetParameter(parameters, "media-index"u8, out var value)
            && SipText.TryReadNumber(value, out var number) && number < int.MaxValue
                ? (int)number
                : null;
        facts.Add(new VendorParty(party.Uri.Text, index));
    }

    private static void ReadBridge(NameAddress from, FactDraft facts)
    {
        var parameters = Encoding.UTF8.GetBytes(from.Parameters + from.Uri.Parameters);
        if (!SipText.TryGetParameter(parameters, "x-refci"u8, out var reference) || reference.IsEmpty)
        {
            return;
        }

        var cluster = SipText.TryGetParameter(parameters, "x-nearendclusterid"u8, out var id) ? SipText.Keep(id) : "";
        var text = SipText.Keep(reference);
        facts.Add(VendorFactNames.CiscoReference, text);
        facts.SetCallKey(string.Create(CultureInfo.InvariantCulture, $"cisco-bridge:{cluster}/{text}"));
        var isNear = SipText.TryGetParameter(parameters, "x-nearend"u8, out _);
        facts.Add(VendorFactNames.CiscoEnd, isNear ? "near" : "far");
        var address = isNear ? "x-nearendaddr"u8 : "x-farendaddr"u8;
        if (SipText.TryGetParameter(parameters, address, out var party) && !party.IsEmpty)
        {
            // Each end's session carries that end's voice on its only m-line.
            facts.Add(new VendorParty("sip:" + SipText.Keep(party), 0));
        }
    }
}
