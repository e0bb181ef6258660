using System.Security.Cryptography;
using System.Text;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Sip;
using Talreg.Sip.Sdp;
using Talreg.Sip.Siprec;

namespace Talreg.Gateway.Sessions;

/// <summary>What a session offer says in the cluster's words: who takes part, on which line, which way.</summary>
internal static class OfferFacts
{
    /// <summary>A line that could not be told.</summary>
    public const string UnknownLine = "unknown";

    private const int MaxSessionIdLength = 128;
    private const int MaxTextLength = 256;

    /// <summary>The offer as a channel grain takes it.</summary>
    public static CallOffer Read(SessionOffer offer, GatewayOptions options, DateTimeOffset now)
    {
        var flags = new List<string>();
        if (offer.MetadataFault is not null)
        {
            flags.Add(CallFlags.MetadataInvalid);
        }
        else if (offer.Metadata is null)
        {
            flags.Add(CallFlags.MetadataMissing);
        }
        else if (offer.Sdp is { } sdp && LabelsDiffer(offer.Metadata, sdp))
        {
            flags.Add(CallFlags.LabelMismatch);
        }

        var participants = Participants(offer);
        var calling = participants.Count > 0 ? UserOf(participants[0].Aor) : "";
        var called = participants.Count > 1 ? UserOf(participants[1].Aor) : "";
        var (line, direction) = LineOf(options.Lines, calling, called);
        var channel = ChannelName(line);
        if (channel != line)
        {
            flags.Add(CallFlags.LineUnknown);
        }

        return new CallOffer(
            CallId.New(now),
            options.Tenant,
            SessionIdOf(offer),
            options.Interface,
            channel,
            calling,
            called,
            direction,
            participants,
            flags,
            now);
    }

    /// <summary>The participants; without metadata, the From header's party.</summary>
    public static IReadOnlyList<Participant> Participants(SessionOffer offer)
    {
        if (offer.Metadata is { Participants.Count: > 0 } metadata)
        {
            return [.. metadata.Participants.Select(participant => ToParticipant(participant))];
        }

        return [new Participant { Id = "from", Aor = Cut(offer.From.Uri.Text)!, Name = Cut(offer.From.DisplayName) }];
    }

    /// <summary>The participant that sends the stream of a label, or null when the metadata does not say.</summary>
    public static string? SenderOf(RecordingMetadata? metadata, string? label)
    {
        if (metadata is null || label is null)
        {
            return null;
        }

        var stream = metadata.Streams.FirstOrDefault(candidate => candidate.Label == label);
        return stream is null
            ? null
            : metadata.ParticipantStreams.FirstOrDefault(part => part.Send.Contains(stream.Id))?.ParticipantRef;
    }

    /// <summary>The user part of an address of record, or its number.</summary>
    internal static string UserOf(string aor)
    {
        var start = aor.IndexOf(':') + 1;
        var end = aor.AsSpan(start).IndexOfAny('@', ';', '?');
        return end < 0 ? aor[start..] : aor[start..(start + end)];
    }

    /// <summary>
    /// A line's name as it can stand in a channel's key: other characters become <c>_</c>, and it is cut at 64.
    /// </summary>
    internal static string ChannelName(string line)
    {
        if (line.Length == 0)
        {
            return UnknownLine;
        }

        var name = new StringBuilder(line.Length);
        foreach (var c in line.AsSpan(0, Math.Min(line.Length, Names.MaxLineLength)))
        {
            name.Append(char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.' or '_' or '*' or '#' ? c : '_');
        }

        return name.ToString();
    }

    private static Participant ToParticipant(MetadataParticipant participant)
    {
        var name = participant.Names.Count > 0 ? participant.Names[0] : new MetadataName("", null);
        var aor = name.Aor.Contains(':') ? name.Aor : $"sip:{name.Aor}";
        return new Participant { Id = Cut(participant.Id)!, Aor = Cut(aor)!, Name = Cut(name.Name) };
    }

    private static (string Line, CallDirection Direction) LineOf(
        IReadOnlyList<string> lines, string calling, string called)
    {
        if (lines.Count == 0)
        {
            return (calling, CallDirection.Unknown);
        }

        var callingIsLine = lines.Any(prefix => calling.StartsWith(prefix, StringComparison.Ordinal));
        var calledIsLine = lines.Any(prefix => called.StartsWith(prefix, StringComparison.Ordinal));
        return (callingIsLine, calledIsLine) switch
        {
            (true, true) => (calling, CallDirection.Internal),
            (true, false) => (calling, CallDirection.Outbound),
            (false, true) => (called, CallDirection.Inbound),
            _ => (calling, CallDirection.Unknown),
        };
    }

    // RFC 7865 §6.4: the session's id is what several recording sessions of one call share. It becomes part of a key, so a
    // long one is replaced by its hash.
    private static string SessionIdOf(SessionOffer offer)
    {
        var id = offer.Metadata is { Sessions: [{ Id.Length: > 0 } first, ..] } ? first.Id : offer.CallId;
        return id.Length <= MaxSessionIdLength
            ? id
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
    }

    private static bool LabelsDiffer(RecordingMetadata metadata, SessionDescription sdp)
    {
        var offered = sdp.Media.Where(media =>
            media.Port != 0).Select(media => media.Label).OfType<string>().ToHashSet();
        var described = metadata.Streams.Select(stream => stream.Label).OfType<string>().ToHashSet();
        return !offered.SetEquals(described);
    }

    private static string? Cut(string? text) =>
        text is { Length: > MaxTextLength } ? text[..MaxTextLength] : text;
}
