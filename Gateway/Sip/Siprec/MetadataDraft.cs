using System.Xml;

namespace Talreg.Sip.Siprec;

/// <summary>A metadata document being read, element by element.</summary>
internal sealed class MetadataDraft
{
    private readonly List<MetadataGroup> _groups = [];
    private readonly List<MetadataSession> _sessions = [];
    private readonly List<MetadataParticipant> _participants = [];
    private readonly List<MetadataStream> _streams = [];
    private readonly List<ParticipantSession> _participantSessions = [];
    private readonly List<ParticipantStreams> _participantStreams = [];
    private readonly List<SessionRecording> _sessionRecordings = [];
    private readonly List<MetadataExtension> _extensions = [];
    private static readonly HashSet<string> Names =
    [
        "recording", "recording_metadata", "datamode", "dataMode", "group", "session", "participant", "stream",
        "sessionrecordingassoc", "participantsessionassoc", "participantstreamassoc", "associate-time",
        "disassociate-time", "group-ref", "group_id", "sipSessionID", "reason", "start-time", "stop-time", "end-time",
        "nameID", "name", "label", "send", "recv", "session_id", "stream_id", "participant_id", "session-ref",
        "mode", "content-type", "id",
    ];

    private MetadataMode _mode;
    private Item? _item;
    private string? _aor;
    private string? _name;

    /// <summary>The text seen last.</summary>
    public string Text { get; set; } = "";

    public RecordingMetadata Finish() => new()
    {
        Mode = _mode,
        Groups = _groups,
        Sessions = _sessions,
        Participants = _participants,
        Streams = _streams,
        ParticipantSessions = _participantSessions,
        ParticipantStreams = _participantStreams,
        SessionRecordings = _sessionRecordings,
        Extensions = _extensions,
    };

    /// <summary>
    /// Whether an element is none of the RFC's: another namespace than the root's, or an unknown name.
    /// </summary>
    public static bool IsExtension(XmlReader reader, string rootNamespace) =>
        reader.NamespaceURI != rootNamespace || !Names.Contains(reader.LocalName);

    /// <summary>Keeps an extension; false when there are too many.</summary>
    public bool TryAdd(string space, string name, string value, string xml)
    {
        _extensions.Add(new MetadataExtension(
            _item?.Element ?? "", _item is { } owner ? owner.Id(owner.Element + "_id") : "", space, name, value, xml));
        return _extensions.Count <= MetadataParser.MaxExtensions;
    }

    public void Open(XmlReader reader)
    {
        Text = "";
        var name = reader.LocalName;
        if (_item is null && IsItem(name))
        {
            _item = new Item(name, Attributes(reader));
        }
        else if (name == "nameID")
        {
            (_aor, _name) = (reader.GetAttribute("aor") ?? "", null);
        }
    }

    public void Close(string name)
    {
        var text = Text;
        Text = "";
        if (_item is { } item && item.Element == name)
        {
            Commit(item);
            _item = null;
            return;
        }

        switch (name)
        {
            case "dataMode" or "datamode":
                _mode = text.Equals("partial", StringComparison.OrdinalIgnoreCase)
                    ? MetadataMode.Partial
                    : MetadataMode.Complete;
                break;
            case "name" when _aor is not null:
                _name = text;
                break;
            case "nameID":
                _item?.Names.Add(new MetadataName(_aor ?? "", string.IsNullOrEmpty(_name) ? null : _name));
                _aor = null;
                break;
            case "send":
                _item?.Send.Add(text);
                break;
            case "recv":
                _item?.Recv.Add(text);
                break;
            case "sipSessionID":
                _item?.SipSessionIds.Add(text);
                break;
            default:
                _item?.Texts.TryAdd(name, text);
                break;
        }
    }

    private static bool IsItem(string name) => name is "group" or "session" or "participant" or "stream"
        or "sessionrecordingassoc" or "participantsessionassoc" or "participantstreamassoc";

    private static Dictionary<string, string> Attributes(XmlReader reader)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.MoveToNextAttribute())
        {
            attributes.TryAdd(reader.LocalName, reader.Value.Trim());
        }

        reader.MoveToElement();
        return attributes;
    }

    private void Commit(Item item)
    {
        switch (item.Element)
        {
            case "group":
                _groups.Add(new MetadataGroup(
                    item.Id("group_id"), item.Get("associate-time"), item.Get("disassociate-time")));
                break;
            case "session":
                _sessions.Add(new MetadataSession(
                    item.Id("session_id"), item.SipSessionIds, item.Get("group-ref"), item.Get("start-time"),
                    item.Get("stop-time") ?? item.Get("end-time")));
                break;
            case "participant":
                _participants.Add(new MetadataParticipant(item.Id("participant_id"), item.Names));

                // Oracle states the streams inside of the participant.
                if (item.Send.Count + item.Recv.Count > 0)
                {
                    _participantStreams.Add(new ParticipantStreams(
                        item.Id("participant_id"), item.Send, item.Recv, item.Get("disassociate-time"),
                        item.Get("associate-time")));
                }

                break;
            case "stream":
                _streams.Add(new MetadataStream(
                    item.Id("stream_id"), item.Get("session_id") ?? item.Get("session"), item.Get("label")));
                break;
            case "participantsessionassoc":
                _participantSessions.Add(new ParticipantSession(
                    item.Get("participant_id") ?? "", item.Get("session_id") ?? "", item.Get("associate-time"),
                    item.Get("disassociate-time")));
                break;
            case "sessionrecordingassoc":
                _sessionRecordings.Add(new SessionRecording(
                    item.Get("session_id") ?? "", item.Get("associate-time"), item.Get("disassociate-time")));
                break;
            default:
                _participantStreams.Add(new ParticipantStreams(
                    item.Get("participant_id") ?? "", item.Send, item.Recv, item.Get("disassociate-time"),
                    item.Get("associate-time")));
                break;
        }
    }

    private sealed record Item(string Element, Dictionary<string, string> Attributes)
    {
        public Dictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

        public List<string> SipSessionIds { get; } = [];

        public List<MetadataName> Names { get; } = [];

        public List<string> Send { get; } = [];

        public List<string> Recv { get; } = [];

        /// <summary>An attribute, or else a child element's text.</summary>
        public string? Get(string name) => Attributes.GetValueOrDefault(name) ?? Texts.GetValueOrDefault(name);

        public string Id(string name) => Get(name) ?? Get("id") ?? "";
    }
}
