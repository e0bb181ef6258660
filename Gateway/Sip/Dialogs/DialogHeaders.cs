using Talreg.Sip.Messages;

namespace Talreg.Sip.Dialogs;

/// <summary>Reads the headers that make or move a dialog. Stateless.</summary>
internal static class DialogHeaders
{
    /// <summary>The Record-Route values in order: the route set of the side that answers (RFC 3261 §12.1.1).</summary>
    public static List<string> ReadRoutes(SipMessage message)
    {
        var routes = new List<string>();
        foreach (ref readonly var slot in message.Headers)
        {
            if (slot.Name == HeaderName.RecordRoute)
            {
                foreach (var route in new CommaList(message.Value(slot)))
                {
                    routes.Add(SipText.Keep(route));
                }
            }
        }

        return routes;
    }

    /// <summary>The URI of Contact: the remote target (RFC 3261 §12.1.1, §12.2.2).</summary>
    public static bool TryReadContact(SipMessage message, out string target)
    {
        target = "";
        if (!message.TryGet(HeaderName.Contact, out var value)
            || !SipUriParser.TryParseNameAddress(value, out var address)
            || address!.Uri.Scheme is not ("sip" or "sips"))
        {
            return false;
        }

        target = address.Uri.Text;
        return true;
    }
}
