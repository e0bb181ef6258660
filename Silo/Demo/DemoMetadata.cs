using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;

namespace Talreg.Silo.Demo;

/// <summary>The recording metadata of one call: session, participants, streams, associations (RFC 7865 §6).</summary>
internal sealed class DemoMetadata
{
    private const string Namespace = "urn:ietf:params:xml:ns:recording:1";

    private readonly string _communicationId = NewId();
    private readonly string _callerId = NewId();
    private readonly string _agentId = NewId();
    private readonly string _callerStream = NewId();
    private readonly string _agentStream = NewId();

    public string SessionId { get; } = NewId();

    /// <summary>The document; the caller speaks stream 1 and hears stream 2, the agent the reverse.</summary>
    public byte[] Write(DemoCallOptions options, DateTimeOffset now)
    {
        var time = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        using var buffer = new MemoryStream();
        var settings = new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(false),
            Indent = true,
            NewLineChars = "\r\n",
        };
        using (var xml = XmlWriter.Create(buffer, settings))
        {
            xml.WriteStartElement("recording", Namespace);
            xml.WriteElementString("datamode", Namespace, "complete");
            xml.WriteStartElement("group", Namespace);
            xml.WriteAttributeString("group_id", _communicationId);
            xml.WriteElementString("associate-time", Namespace, time);
            xml.WriteEndElement();
            xml.WriteStartElement("session", Namespace);
            xml.WriteAttributeString("session_id", SessionId);
            xml.WriteElementString("group-ref", Namespace, _communicationId);
            xml.WriteElementString("start-time", Namespace, time);
            xml.WriteEndElement();
            Participant(xml, _callerId, options.CallerNumber, options.CallerName);
            Participant(xml, _agentId, options.CalleeNumber, options.CalleeName);
            Stream(xml, _callerStream, "1");
            Stream(xml, _agentStream, "2");
            xml.WriteStartElement("sessionrecordingassoc", Namespace);
            xml.WriteAttributeString("session_id", SessionId);
            xml.WriteElementString("associate-time", Namespace, time);
            xml.WriteEndElement();
            SessionAssociation(xml, _callerId, time);
            SessionAssociation(xml, _agentId, time);
            StreamAssociation(xml, _callerId, _callerStream, _agentStream, time);
            StreamAssociation(xml, _agentId, _agentStream, _callerStream, time);
            xml.WriteEndElement();
        }

        return buffer.ToArray();
    }

    private static string NewId() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    private static void Participant(XmlWriter xml, string id, string number, string name)
    {
        xml.WriteStartElement("participant", Namespace);
        xml.WriteAttributeString("participant_id", id);
        xml.WriteStartElement("nameID", Namespace);
        xml.WriteAttributeString("aor", $"sip:{number}@demo.talreg.example");
        xml.WriteStartElement("name", Namespace);
        xml.WriteAttributeString("xml", "lang", null, "en");
        xml.WriteString(name);
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private void Stream(XmlWriter xml, string id, string label)
    {
        xml.WriteStartElement("stream", Namespace);
        xml.WriteAttributeString("stream_id", id);
        xml.WriteAttributeString("session_id", SessionId);
        xml.WriteElementString("label", Namespace, label);
        xml.WriteEndElement();
    }

    private void SessionAssociation(XmlWriter xml, string participant, string time)
    {
        xml.WriteStartElement("participantsessionassoc", Namespace);
        xml.WriteAttributeString("participant_id", participant);
        xml.WriteAttributeString("session_id", SessionId);
        xml.WriteElementString("associate-time", Namespace, time);
        xml.WriteEndElement();
    }

    private static void StreamAssociation(XmlWriter xml, string participant, string sends, string hears, string time)
    {
        xml.WriteStartElement("participantstreamassoc", Namespace);
        xml.WriteAttributeString("participant_id", participant);
        xml.WriteElementString("send", Namespace, sends);
        xml.WriteElementString("recv", Namespace, hears);
        xml.WriteElementString("associate-time", Namespace, time);
        xml.WriteEndElement();
    }
}
