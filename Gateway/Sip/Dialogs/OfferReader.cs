using System.Text;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Siprec;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Dialogs;

/// <summary>Why a body was not taken: the status to answer and the words for it.</summary>
internal readonly record struct OfferFault(int Status, SipRefusalReason Reason, string Detail);

/// <summary>Makes an offer of a request's headers and body. Stateless.</summary>
internal static class OfferReader
{
    /// <summary>Reads the bodies; metadata that cannot be read is no fault, only noted.</summary>
    public static bool TryRead(SipRequest request, in SipFlow flow, out SessionOffer? offer, out OfferFault fault)
    {
        offer = null;
        fault = default;
        var message = request.Message;
        _ = message.TryGet(HeaderName.ContentType, out var type);
        var multipart = MultipartReader.TryRead(type, message.Body, out var parts);
        if (multipart != SipFault.None)
        {
            fault = new OfferFault(400, SipRefusalReason.Malformed, multipart.ToString());
            return false;
        }

        SessionDescription? sdp = null;
        byte[]? raw = null;
        foreach (var part in parts)
        {
            var content = message.Body[part.Content];
            if (part.ContentType == "application/sdp" && sdp is null)
            {
                if (!SdpParser.TryParse(content, out sdp, out var sdpFault))
                {
                    fault = new OfferFault(400, SipRefusalReason.SdpInvalid, $"SDP {sdpFault}");
                    return false;
                }
            }
            else if (MetadataParser.IsMetadataType(part.ContentType))
            {
                raw ??= content.ToArray();
            }
        }

        if (parts.Count == 1 && sdp is null && raw is null)
        {
            fault = new OfferFault(415, SipRefusalReason.MediaTypeUnsupported, parts[0].ContentType);
            return false;
        }

        offer = Make(request, flow, sdp, raw);
        return true;
    }

    private static SessionOffer Make(SipRequest request, in SipFlow flow, SessionDescription? sdp, byte[]? raw)
    {
        RecordingMetadata? metadata = null;
        string? metadataFault = null;
        _ = raw is not null && MetadataParser.TryParse(raw, out metadata, out metadataFault);
        return new SessionOffer
        {
            CallId = request.CallId,
            Method = request.Method,
            RemoteEndpoint = flow.Remote,
            LocalEndpoint = flow.Local,
            Transport = flow.Transport.Kind,
            RequestUri = request.ReadUri(),
            From = request.ReadFrom(),
            To = request.ReadTo(),
            IsSiprec = raw is not null || request.Message.Lists(HeaderName.Require, "siprec"u8)
                || HasRecordingContact(request.Message),
            Sdp = sdp,
            Metadata = metadata,
            MetadataFault = metadataFault,
            RawMetadata = raw,
            Headers = HeadersOfInterest(request.Message),
        };
    }

    /// <summary>+sip.src or the older ;src, as header or URI parameter of Contact (RFC 7866 §11.1; vendors).</summary>
    private static bool HasRecordingContact(SipMessage message)
    {
        if (!message.TryGet(HeaderName.Contact, out var contact)
            || !SipUriParser.TryParseNameAddress(contact, out var address))
        {
            return false;
        }

        return HasFlag(address!.Parameters) || HasFlag(address.Uri.Parameters);
    }

    private static bool HasFlag(string parameters)
    {
        var bytes = Encoding.UTF8.GetBytes(parameters);
        return SipText.TryGetParameter(bytes, "+sip.src"u8, out _) || SipText.TryGetParameter(bytes, "src"u8, out _);
    }

    private static List<SipHeaderField> HeadersOfInterest(SipMessage message)
    {
        var fields = new List<SipHeaderField>();
        foreach (ref readonly var slot in message.Headers)
        {
            var name = message.Name(slot);
            if (slot.Name == HeaderName.Other && IsOfInterest(name))
            {
                fields.Add(new SipHeaderField(SipText.Keep(name), SipText.Keep(message.Value(slot))));
            }
        }

        return fields;
    }

    private static bool IsOfInterest(ReadOnlySpan<byte> name) =>
        StartsWith(name, "P-"u8) || StartsWith(name, "X-"u8) || StartsWith(name, "Cisco-"u8)
        || StartsWith(name, "User-"u8) || StartsWith(name, "Session-ID"u8) || StartsWith(name, "Diversion"u8)
        || StartsWith(name, "History-Info"u8) || StartsWith(name, "Remote-Party-ID"u8)
        || StartsWith(name, "Subject"u8);

    private static bool StartsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix);
}
