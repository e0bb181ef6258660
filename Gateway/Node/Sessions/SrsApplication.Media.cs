using System.Net;
using Talreg.Capture;
using Talreg.Contracts.Calls;
using Talreg.Gateway.Sealing;
using Talreg.Sip;
using Talreg.Sip.Sdp;

namespace Talreg.Gateway.Sessions;

/// <summary>From offered m-lines to streams and back to the answer's.</summary>
internal sealed partial class SrsApplication
{
    // Any port number but 0 keeps an inactive m-line in the session; the discard port says that nothing listens.
    private const int DiscardPort = 9;

    // Of an m-line's formats so many are kept, with parameters of at most so many characters.
    private const int MaxFormats = 32;
    private const int MaxParametersLength = 256;

    private static bool IsRecordable(SdpMedia media) =>
        media.Port != 0
        && (media.Protocol is "RTP/AVP" or "RTP/AVPF"
            || (media.Protocol is "RTP/SAVP" or "RTP/SAVPF" && media.Crypto.Count > 0))
        && media.Formats.Count > 0;

    private static void FlagExposedKeys(RecordingSession session, SessionOffer offer)
    {
        if (MediaKeys.AreExposed(offer))
        {
            session.Flags.Add(CallFlags.KeysInClear);
        }
    }

    private static List<StreamFormat> FormatsOf(List<StreamPlan> plans, List<string?> senders) =>
    [
        .. plans.Select((plan, i) => new StreamFormat(
            plan.Label, plan.Codec, plan.PayloadType, plan.ClockRate, senders.ElementAtOrDefault(i))
        {
            Formats = plan.Formats,
        }),
    ];

    /// <summary>The formats of an m-line, those preferred first; all of them, because all can be stored.</summary>
    private List<SdpFormat> FormatsOf(SdpMedia media)
    {
        int Rank(SdpFormat format)
        {
            var rank = options.Codecs.ToList().FindIndex(codec =>
                codec.Equals(format.Encoding, StringComparison.OrdinalIgnoreCase));
            return rank < 0 ? options.Codecs.Count : rank;
        }

        return [.. media.Formats.OrderBy(Rank)];
    }

    /// <summary>What is agreed for an m-line.</summary>
    /// <param name="media">The m-line offered.</param>
    /// <param name="before">What was agreed before; null for one that joins.</param>
    private StreamPlan PlanOf(SdpMedia media, StreamPlan? before = null)
    {
        var format = FormatsOf(media)[0];
        return new StreamPlan(
            media.Label ?? "",
            int.TryParse(format.Format, out var type) ? type : 0,
            format.ClockRate,
            format.Encoding ?? format.Format,
            Recorded: !media.IsHeld)
        {
            Crypto = MediaKeys.Inbound(media),
            Reports = new ReportPlan
            {
                To = ReportsTo(media), Mux = media.RtcpMux, Crypto = MediaKeys.Ours(media, before?.Reports?.Crypto),
            },
            Formats =
            [
                .. FormatsOf(media).Take(MaxFormats).Where(one => TypeOf(one) >= 0 && one.Encoding is not null)
                    .Select(one => new PayloadFormat(
                        TypeOf(one), one.Encoding!, one.ClockRate, one.Channels, Bounded(one.Fmtp))),
            ],
            TelephoneEvents = TypesOf(media, "telephone-event"),
            Redundant = TypesOf(media, "red"),
        };
    }

    private static List<int> TypesOf(SdpMedia media, string encoding) =>
    [
        .. media.Formats
            .Where(one => encoding.Equals(one.Encoding, StringComparison.OrdinalIgnoreCase))
            .Select(TypeOf)
            .Where(number => number >= 0),
    ];

    private static int TypeOf(SdpFormat format) =>
        int.TryParse(format.Format, out var number) && number is >= 0 and <= 127 ? number : -1;

    // Parameters that nobody will ever read must not fill a journal.
    private static string? Bounded(string? parameters) => parameters?.Length <= MaxParametersLength ? parameters : null;

    // To one host only: who could name a group here would have others flooded by way of us.
    private static IPEndPoint? ReportsTo(SdpMedia media)
    {
        var connection = media.RtcpConnection ?? media.Connection;
        var port = media.RtcpMux ? media.Port : media.RtcpPort ?? media.Port + 1;
        return connection is { IsUnicast: true, Address: { } address } && port is > 0 and <= IPEndPoint.MaxPort
            ? new IPEndPoint(address, port)
            : null;
    }

    private List<MediaAnswer> Answers(SessionDescription sdp, RecordingSession session)
    {
        var streams = session.Take is { } take ? capture.Snapshot(take).Streams : [];
        var answers = new List<MediaAnswer>(sdp.Media.Count);
        for (var i = 0; i < sdp.Media.Count; i++)
        {
            answers.Add((session.StreamOfMedia[i], session.Take) switch
            {
                (null, _) => new MediaAnswer(0),
                (_, null) => new MediaAnswer(DiscardPort, MediaDirection.Inactive),
                ({ } stream, _) => new MediaAnswer(
                    streams[stream].RtpPort, sdp.Media[i].IsHeld ? MediaDirection.Inactive : MediaDirection.RecvOnly)
                {
                    Formats = options.Codecs.Count == 0 ? null : [.. FormatsOf(sdp.Media[i]).Select(one => one.Format)],
                    Crypto = MediaKeys.Answer(sdp.Media[i], streams[stream].Plan.Reports?.Crypto),
                },
            });
        }

        return answers;
    }
}
