namespace Talreg.Sip.Siprec;

/// <summary>A document being applied to a state.</summary>
internal sealed class MetadataChange
{
    private readonly MetadataState _before;
    private readonly DateTimeOffset _now;
    private readonly List<MetadataParticipant> _participants;
    private readonly HashSet<string> _present;
    private readonly List<MetadataStream> _streams;
    private readonly Dictionary<string, HashSet<string>> _sends = new(StringComparer.Ordinal);
    private readonly List<PartyEvent> _history;
    private bool _isCut;
    private bool _doubtful;

    public MetadataChange(MetadataState before, DateTimeOffset now)
    {
        (_before, _now) = (before, now);
        _participants = [.. before.Participants];
        _present = new HashSet<string>(before.Present, StringComparer.Ordinal);
        _streams = [.. before.Streams];
        _history = [.. before.History];
        foreach (var (stream, senders) in before.Senders)
        {
            foreach (var sender in senders)
            {
                SendsOf(sender).Add(stream);
            }
        }
    }

    public void Apply(RecordingMetadata document)
    {
        var gone = Gone(document);
        foreach (var participant in document.Participants)
        {
            Keep(_participants, participant, one => one.Id == participant.Id);
        }

        foreach (var stream in document.Streams)
        {
            Keep(_streams, stream, one => one.Id == stream.Id);
        }

        var isComplete = document.Mode == MetadataMode.Complete;
        var named = document.Participants.Select(one => one.Id)
            .Concat(document.ParticipantSessions.Where(one => one.DisassociateTime is null)
                .Select(one => one.ParticipantRef))
            .Where(id => !gone.ContainsKey(id)).Distinct(StringComparer.Ordinal).ToList();
        foreach (var id in named.Where(id => !_present.Contains(id)))
        {
            Join(id, document.ParticipantSessions.FirstOrDefault(one => one.ParticipantRef == id)?.AssociateTime);
        }

        foreach (var link in document.ParticipantStreams.Where(link => link.DisassociateTime is null))
        {
            SetSends(link.ParticipantRef, link.Send, Time(link.AssociateTime));
        }

        End(document, gone, isComplete, named);
    }

    public MetadataState Finish() => new()
    {
        Participants = _participants,
        Present = _present,
        Streams = _streams,
        Senders = _sends.SelectMany(pair => pair.Value.Select(stream => (Stream: stream, Sender: pair.Key)))
            .GroupBy(pair => pair.Stream, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key,
                IReadOnlySet<string> (group) => group.Select(pair => pair.Sender).ToHashSet(StringComparer.Ordinal),
                StringComparer.Ordinal),
        History = _history,
        IsCut = _before.IsCut || _isCut,
        HasDoubtfulTimes = _before.HasDoubtfulTimes || _doubtful,
    };

    /// <summary>Who left by a disassociate-time, and when.</summary>
    private static Dictionary<string, string> Gone(RecordingMetadata document)
    {
        var gone = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in document.ParticipantSessions)
        {
            if (one.DisassociateTime is { } time
                && !document.ParticipantSessions.Any(other =>
                    other.ParticipantRef == one.ParticipantRef && other.DisassociateTime is null))
            {
                gone[one.ParticipantRef] = time;
            }
        }

        return gone;
    }

    private void End(
        RecordingMetadata document, Dictionary<string, string> gone, bool isComplete, List<string> named)
    {
        foreach (var link in document.ParticipantStreams.Where(link => link.DisassociateTime is not null))
        {
            // Without streams it is all of them.
            var ended = link.Send.Count == 0 && link.Recv.Count == 0 ? [.. SendsOf(link.ParticipantRef)] : link.Send;
            SetSends(
                link.ParticipantRef, [.. SendsOf(link.ParticipantRef).Except(ended)], Time(link.DisassociateTime));
        }

        foreach (var (id, time) in gone)
        {
            Leave(id, Time(time));
        }

        if (isComplete)
        {
            foreach (var id in _present.Except(named).ToList())
            {
                Leave(id, _now);
            }

            var linked = document.ParticipantStreams.Select(one => one.ParticipantRef)
                .ToHashSet(StringComparer.Ordinal);
            foreach (var id in _sends.Keys.Where(id => !linked.Contains(id)).ToList())
            {
                SetSends(id, [], _now);
            }
        }
    }

    private void Keep<T>(List<T> items, T item, Predicate<T> isSame)
    {
        var at = items.FindIndex(isSame);
        if (at >= 0)
        {
            items[at] = item;
        }
        else if (items.Count < MetadataState.MaxItems)
        {
            items.Add(item);
        }
        else
        {
            _isCut = true;
        }
    }

    private void Join(string id, string? time)
    {
        if (_present.Count < MetadataState.MaxItems)
        {
            _present.Add(id);
            Note(new PartyEvent(Time(time), id, PartyChange.Joined));
        }
        else
        {
            _isCut = true;
        }
    }

    private void Leave(string id, DateTimeOffset at)
    {
        SetSends(id, [], at);
        if (_present.Remove(id))
        {
            Note(new PartyEvent(at, id, PartyChange.Left));
        }
    }

    private void SetSends(string participant, IReadOnlyList<string> streams, DateTimeOffset at)
    {
        var sends = SendsOf(participant);
        foreach (var ended in sends.Except(streams).ToList())
        {
            sends.Remove(ended);
            Note(new PartyEvent(at, participant, PartyChange.StopsSending, ended));
        }

        foreach (var begun in streams.Where(stream => !sends.Contains(stream)))
        {
            if (sends.Count >= MetadataState.MaxItems)
            {
                _isCut = true;
                break;
            }

            sends.Add(begun);
            Note(new PartyEvent(at, participant, PartyChange.Sends, begun));
        }
    }

    private HashSet<string> SendsOf(string participant)
    {
        if (!_sends.TryGetValue(participant, out var sends))
        {
            _sends[participant] = sends = new HashSet<string>(StringComparer.Ordinal);
        }

        return sends;
    }

    private void Note(PartyEvent entry)
    {
        if (_history.Count < MetadataState.MaxHistory)
        {
            _history.Add(entry);
        }
        else
        {
            _isCut = true;
        }
    }

    private DateTimeOffset Time(string? text)
    {
        var time = MetadataTime.Read(text, _now, out var doubtful);
        _doubtful |= doubtful;
        return time;
    }
}
