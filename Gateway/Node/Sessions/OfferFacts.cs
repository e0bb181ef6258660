using System.Security.Cryptography;
using System.Text;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Sip;
using Talreg.Sip.Siprec.Dialects;

namespace Talreg.Gateway.Sessions;

/// <summary>What a session offer says in the cluster's words: who takes part, on which line, which way.</summary>
internal static class OfferFacts
{
    /// <summary>A line that could not be told.</summary>
    public const string UnknownLine = "unknown";

    private const int MaxSessionIdLength = 128;

    /// <summary>The offer as a channel grain takes it.</summary>
    public static CallOffer Read(
        SessionOffer offer, SessionMetadata metadata, GatewayOptions options, DateTimeOffset now)
    {
        var facts = MetadataDialects.Read(offer);
        var flags = metadata.Flags.ToList();
        var participants = metadata.Participants;
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
            SessionIdOf(offer, facts),
            options.Interface,
            channel,
            calling,
            called,
            direction,
            participants,
            flags,
            now)
        {
            Attributes = metadata.Attributes,
            LinkKeys = [.. facts.LinkKeys.Take(CallOffer.MaxLinkKeys).Select(Hash)],
        };
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

    // RFC 7865 §6.4: the session's id is what several recording sessions of one call share; without metadata a vendor's
    // own
    // id of the call. It becomes part of a key, so a long one, or one with a slash, is replaced by its hash.
    private static string SessionIdOf(SessionOffer offer, VendorFacts facts)
    {
        var id = offer.Metadata is { Sessions: [{ Id.Length: > 0 } first, ..] }
            ? first.Id
            : facts.CallKey ?? offer.CallId;
        return id.Length <= MaxSessionIdLength ? id : Hash(id);
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
