using Talreg.Sip.Sdp;

namespace Talreg.Sip.Siprec;

/// <summary>What is wrong between metadata and SDP, or within the metadata. None of it refuses audio.</summary>
[Flags]
public enum MetadataDoubt
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Metadata and SDP do not name the same labels.</summary>
    LabelMismatch = 1,

    /// <summary>A label stands on two m-lines or two streams.</summary>
    LabelDuplicate = 2,

    /// <summary>No participant sends a stream that is offered.</summary>
    SenderUnknown = 4,

    /// <summary>A reference to a participant, session or stream that no document described, or an empty id.</summary>
    ReferenceDangling = 8,

    /// <summary>A participant that stands for others who are not known yet.</summary>
    PartyPlaceholder = 16,

    /// <summary>A time that cannot be believed.</summary>
    ClockUnreliable = 32,
}

/// <summary>Finds doubts. Stateless.</summary>
public static class MetadataDoubts
{
    private const string AvayaPlaceholder = "ASBCE@";

    /// <summary>Doubts that a full snapshot from the client may clear (RFC 7866 §9.2).</summary>
    public const MetadataDoubt Curable =
        MetadataDoubt.LabelMismatch | MetadataDoubt.SenderUnknown | MetadataDoubt.ReferenceDangling;

    /// <summary>The doubts about a session as it stands.</summary>
    /// <param name="state">Its metadata.</param>
    /// <param name="sdp">Its description; null leaves labels alone.</param>
    public static MetadataDoubt Find(MetadataState state, SessionDescription? sdp)
    {
        ArgumentNullException.ThrowIfNull(state);
        var doubts = state.HasDoubtfulTimes ? MetadataDoubt.ClockUnreliable : MetadataDoubt.None;
        doubts |= sdp is null ? MetadataDoubt.None : Labels(state, sdp);
        doubts |= IsDangling(state) ? MetadataDoubt.ReferenceDangling : MetadataDoubt.None;
        return doubts | (state.Participants.Any(one => state.Present.Contains(one.Id) && IsPlaceholder(one))
            ? MetadataDoubt.PartyPlaceholder
            : MetadataDoubt.None);
    }

    /// <summary>Avaya's session border controller names itself until it knows the parties.</summary>
    public static bool IsPlaceholder(MetadataParticipant participant)
    {
        ArgumentNullException.ThrowIfNull(participant);
        return participant.Names.Any(name => name.Aor.Contains(AvayaPlaceholder, StringComparison.OrdinalIgnoreCase));
    }

    private static MetadataDoubt Labels(MetadataState state, SessionDescription sdp)
    {
        var doubts = MetadataDoubt.None;
        var offered = sdp.Media.Where(media => media.Port != 0).Select(media => media.Label).ToList();
        var described = state.Streams.Select(stream => stream.Label).OfType<string>().ToList();
        var known = described.ToHashSet(StringComparer.Ordinal);
        var asked = offered.OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (asked.Count < offered.OfType<string>().Count() || known.Count < described.Count)
        {
            doubts |= MetadataDoubt.LabelDuplicate;
        }

        // Streams that were described and have left since are no mismatch; offered ones nobody described are.
        var live = state.Streams.Where(stream => state.Senders.ContainsKey(stream.Id) || state.Senders.Count == 0)
            .Select(stream => stream.Label).OfType<string>();
        if (offered.Any(label => label is null || !known.Contains(label)) || live.Any(label => !asked.Contains(label)))
        {
            doubts |= MetadataDoubt.LabelMismatch;
        }

        var sent = state.Streams.Where(stream => state.Senders.ContainsKey(stream.Id))
            .Select(stream => stream.Label).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return sdp.Media.All(media => media.Port == 0 || media.IsHeld || (media.Label is { } l && sent.Contains(l)))
            ? doubts
            : doubts | MetadataDoubt.SenderUnknown;
    }

    private static bool IsDangling(MetadataState state)
    {
        var participants = state.Participants.Select(one => one.Id).ToHashSet(StringComparer.Ordinal);
        var streams = state.Streams.Select(one => one.Id).ToHashSet(StringComparer.Ordinal);
        return participants.Contains("") || streams.Contains("")
            || !state.Present.IsSubsetOf(participants)
            || state.Senders.Any(pair => !streams.Contains(pair.Key) || !pair.Value.IsSubsetOf(participants));
    }
}
