using System.Globalization;
using System.Net;

namespace Talreg.Sip.Sdp;

/// <summary>An m-line being read.</summary>
internal sealed record SdpMediaDraft(string Kind, int Port, int PortCount, string Protocol, string[] Formats)
{
    public SdpConnection? Connection { get; set; }

    public List<SdpAttribute> Attributes { get; } = [];
}

/// <summary>A description being read: lines go to the last m-line, or to the session before the first.</summary>
internal sealed class SdpDraft
{
    private readonly List<SdpAttribute> _sessionAttributes = [];
    private SdpConnection? _connection;

    public bool HasVersion { get; set; }

    public SdpOrigin? Origin { get; set; }

    public string SessionName { get; set; } = "-";

    public List<SdpMediaDraft> Media { get; } = [];

    /// <summary>Where an a= line read now belongs.</summary>
    public List<SdpAttribute> Attributes => Media.Count == 0 ? _sessionAttributes : Media[^1].Attributes;

    public void SetConnection(SdpConnection connection)
    {
        if (Media.Count == 0)
        {
            _connection = connection;
        }
        else
        {
            Media[^1].Connection = connection;
        }
    }

    public SdpFault Finish(out SessionDescription? sdp)
    {
        sdp = null;
        if (!HasVersion || Origin is null)
        {
            return HasVersion ? SdpFault.OriginInvalid : SdpFault.VersionInvalid;
        }

        var sessionDirection = ReadDirection(_sessionAttributes) ?? MediaDirection.SendRecv;
        var media = new List<SdpMedia>(Media.Count);
        foreach (var draft in Media)
        {
            if (draft.Port != 0 && draft.Connection is null && _connection is null)
            {
                return SdpFault.ConnectionMissing;
            }

            media.Add(FinishMedia(draft, sessionDirection));
        }

        sdp = new SessionDescription
        {
            Origin = Origin, SessionName = SessionName, Connection = _connection,
            Attributes = _sessionAttributes, Media = media,
        };
        return SdpFault.None;
    }

    private SdpMedia FinishMedia(SdpMediaDraft draft, MediaDirection sessionDirection)
    {
        var (offers, refusals) = CryptoParser.ReadAll(draft.Attributes);
        return FinishPlain(draft, sessionDirection) with { Crypto = offers, CryptoRefusals = refusals };
    }

    private SdpMedia FinishPlain(SdpMediaDraft draft, MediaDirection sessionDirection) => new()
    {
        Kind = draft.Kind,
        Port = draft.Port,
        PortCount = draft.PortCount,
        Protocol = draft.Protocol,
        Formats = [.. draft.Formats.Select(format => SdpFormats.Describe(format, draft.Attributes))],
        Connection = draft.Connection ?? _connection,
        Direction = ReadDirection(draft.Attributes) ?? sessionDirection,
        Label = Find(draft.Attributes, "label"),
        PacketTime = ReadPacketTime(Find(draft.Attributes, "ptime")),
        RtcpPort = ReadRtcpPort(Find(draft.Attributes, "rtcp")),
        RtcpConnection = ReadRtcpConnection(Find(draft.Attributes, "rtcp")),
        RtcpMux = draft.Attributes.Exists(attribute => attribute.Name == "rtcp-mux"),
        Attributes = draft.Attributes,
    };

    private static string? Find(List<SdpAttribute> attributes, string name) =>
        attributes.Find(attribute => attribute.Name == name).Value;

    private static MediaDirection? ReadDirection(List<SdpAttribute> attributes)
    {
        foreach (var attribute in attributes)
        {
            MediaDirection? direction = attribute.Name switch
            {
                "sendrecv" => MediaDirection.SendRecv,
                "sendonly" => MediaDirection.SendOnly,
                "recvonly" => MediaDirection.RecvOnly,
                "inactive" => MediaDirection.Inactive,
                _ => null,
            };
            if (direction is not null)
            {
                return direction;
            }
        }

        return null;
    }

    // ptime is a whole number by RFC 4566 and a decimal in the wild; nonsense is as good as none.
    private static TimeSpan? ReadPacketTime(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds is > 0 and <= 10_000
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    // a=rtcp:<port> [<nettype> <addrtype> <connection-address>]   (RFC 3605 §2.1)
    private static int? ReadRtcpPort(string? text) =>
        text is not null && SdpParser.TryReadInt(text.Split(' ')[0], 65_535, out var port) ? port : null;

    private static SdpConnection? ReadRtcpConnection(string? text) =>
        text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, "IN", "IP4" or "IP6", var address]
            ? new SdpConnection(address, IPAddress.TryParse(address, out var parsed) ? parsed : null)
            : null;
}
