using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Capture;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;

namespace Talreg.Gateway.Sealing;

/// <summary>How a stream was offered.</summary>
/// <param name="Label">SDP label, or empty.</param>
/// <param name="Codec">SDP encoding name.</param>
/// <param name="PayloadType">RTP payload type.</param>
/// <param name="ClockRate">RTP clock in Hz; 0 when unknown.</param>
/// <param name="Participant">Who sends it, or null.</param>
internal sealed record StreamFormat(string Label, string Codec, int PayloadType, int ClockRate, string? Participant)
{
    /// <summary>Every format agreed; empty in what was written before they were kept.</summary>
    public IReadOnlyList<PayloadFormat> Formats { get; init; } = [];
}

/// <summary>The member <c>formats</c> of a stream, in facts and descriptors (FORMAT.md §5).</summary>
internal static class PayloadFormats
{
    /// <summary>Writes it.</summary>
    public static JsonArray Write(IReadOnlyList<PayloadFormat> formats) => new(
    [
        .. formats.Select(format => (JsonNode)new JsonObject
        {
            ["payloadType"] = format.Type,
            ["codec"] = format.Codec,
            ["clockRate"] = format.ClockRate,
            ["channels"] = format.Channels,
            ["parameters"] = format.Parameters,
        }),
    ]);

    /// <summary>Reads it; none where there is none.</summary>
    public static IReadOnlyList<PayloadFormat> Read(JsonNode? formats) =>
    [
        .. (formats as JsonArray ?? []).Select(format => new PayloadFormat(
            format!["payloadType"]!.GetValue<int>(),
            format["codec"]!.GetValue<string>(),
            format["clockRate"]!.GetValue<int>(),
            format["channels"]!.GetValue<int>(),
            format["parameters"]?.GetValue<string>())),
    ];
}

/// <summary>
/// What the journal keeps of a take from its first record on (FORMAT.md §4, types 1 and 3): enough to seal it after a crash
/// without asking anybody.
/// </summary>
internal sealed record TakeFacts
{
    /// <summary>What was admitted.</summary>
    public required CallAdmitted Admission { get; init; }

    /// <summary>The gateway that captures.</summary>
    public required string Gateway { get; init; }

    /// <summary>The interface it captures on.</summary>
    public required string Interface { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The same moment in monotonic nanoseconds.</summary>
    public required long StartMonotonicNs { get; init; }

    /// <summary>The streams known so far, by index.</summary>
    public required IReadOnlyList<StreamFormat> Streams { get; init; }

    /// <summary>The facts with which a take is opened, as canonical JSON.</summary>
    public byte[] Write(TakeIdentity identity) => CanonicalJson.Write(new JsonObject
    {
        ["version"] = 1,
        ["tenant"] = identity.Tenant,
        ["site"] = identity.Site,
        ["call"] = identity.CallId.ToString("D"),
        ["take"] = identity.TakeId.ToString("D"),
        ["kind"] = "call",
        ["epoch"] = (long)identity.Epoch,
        ["gateway"] = Gateway,
        ["interface"] = Interface,
        ["startedAt"] = StartedAt.ToUnixTimeMilliseconds(),
        ["startMonotonicNs"] = StartMonotonicNs.ToString(CultureInfo.InvariantCulture),
        ["streams"] = WriteStreams(Streams),
        ["admission"] = JsonSerializer.SerializeToNode(Admission, TalregJson.Options),
    });

    /// <summary>An event of a live take, as canonical JSON.</summary>
    public static byte[] WriteEvent(IReadOnlyList<StreamFormat> streams, TakeChanged changed) =>
        CanonicalJson.Write(new JsonObject
        {
            ["streams"] = WriteStreams(streams),
            ["changed"] = JsonSerializer.SerializeToNode(changed, TalregJson.Options),
        });

    /// <summary>Reads facts that this project wrote.</summary>
    /// <exception cref="JsonException">They are not of this form.</exception>
    public static TakeFacts Read(ReadOnlySpan<byte> json)
    {
        var node = Parse(json);
        return new TakeFacts
        {
            Admission = Member(node, "admission").Deserialize<CallAdmitted>(TalregJson.Options)!,
            Gateway = Member(node, "gateway").GetValue<string>(),
            Interface = Member(node, "interface").GetValue<string>(),
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(Member(node, "startedAt").GetValue<long>()),
            StartMonotonicNs = long.Parse(
                Member(node, "startMonotonicNs").GetValue<string>(), CultureInfo.InvariantCulture),
            Streams = ReadStreams(Member(node, "streams")),
        };
    }

    /// <summary>Reads an event that this project wrote.</summary>
    /// <exception cref="JsonException">It is not of this form.</exception>
    public static (IReadOnlyList<StreamFormat> Streams, TakeChanged Changed) ReadEvent(ReadOnlySpan<byte> json)
    {
        var node = Parse(json);
        return (
            ReadStreams(Member(node, "streams")),
            Member(node, "changed").Deserialize<TakeChanged>(TalregJson.Options)!);
    }

    private static JsonArray WriteStreams(IReadOnlyList<StreamFormat> streams) => new(
    [
        .. streams.Select((stream, i) => (JsonNode)new JsonObject
        {
            ["index"] = i,
            ["label"] = stream.Label,
            ["codec"] = stream.Codec,
            ["payloadType"] = stream.PayloadType,
            ["clockRate"] = stream.ClockRate,
            ["participant"] = stream.Participant,
            ["formats"] = PayloadFormats.Write(stream.Formats),
        }),
    ]);

    private static List<StreamFormat> ReadStreams(JsonNode streams) =>
    [
        .. streams.AsArray().Select(stream => new StreamFormat(
            Member(stream!, "label").GetValue<string>(),
            Member(stream!, "codec").GetValue<string>(),
            Member(stream!, "payloadType").GetValue<int>(),
            Member(stream!, "clockRate").GetValue<int>(),
            stream!["participant"]?.GetValue<string>())
        {
            Formats = PayloadFormats.Read(stream["formats"]),
        }),
    ];

    private static JsonNode Parse(ReadOnlySpan<byte> json) =>
        JsonNode.Parse(json) ?? throw new JsonException("A take's record is null.");

    private static JsonNode Member(JsonNode node, string name) =>
        node[name] ?? throw new JsonException($"A take's record lacks '{name}'.");
}
