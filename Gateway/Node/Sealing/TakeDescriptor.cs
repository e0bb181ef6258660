using System.Globalization;
using System.Text.Json.Nodes;
using Talreg.Capture;
using Talreg.Contracts.Calls;
using Talreg.Store.Journal;

namespace Talreg.Gateway.Sealing;

/// <summary>A stretch of a stream, or of a whole take, that is missing, and why.</summary>
/// <param name="Stream">The stream's index; null for all.</param>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Reason">A word: network, kernel, overload, paused, restart.</param>
/// <param name="Packets">Packets missing; null when nobody can know.</param>
internal sealed record TakeGap(int? Stream, DateTimeOffset From, DateTimeOffset To, string Reason, long? Packets);

/// <summary>What is needed to seal a take, whether it ended in order or was found after a restart.</summary>
internal sealed record FinishedTake
{
    /// <summary>What was admitted.</summary>
    public required CallAdmitted Admission { get; init; }

    /// <summary>The take with its final counters; not yet sealed.</summary>
    public required TakeDocument Take { get; init; }

    /// <summary>By stream: payload type and RTP clock offered first, and every format agreed.</summary>
    public required IReadOnlyList<(int PayloadType, int ClockRate, IReadOnlyList<PayloadFormat> All)> Formats
    {
        get;
        init;
    }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Monotonic nanoseconds at the take's start: slot 0 begins here.</summary>
    public required long StartMonotonicNs { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>Why.</summary>
    public required EndReason Reason { get; init; }

    /// <summary>Doubts about the take.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>What is missing.</summary>
    public required IReadOnlyList<TakeGap> Gaps { get; init; }

    /// <summary>What the journal says of it.</summary>
    public required ClosedTake Closed { get; init; }

    /// <summary>What the gateway knows of the call, in case the cluster cannot be asked.</summary>
    public required CallDocument Known { get; init; }
}

/// <summary>Writes the descriptor of a recording (FORMAT.md §5).</summary>
internal static class TakeDescriptor
{
    /// <summary>The word the API and the formats use for an end reason.</summary>
    public static string Word(EndReason reason)
    {
        var name = reason.ToString();
        return string.Concat(char.ToLowerInvariant(name[0]).ToString(), name.AsSpan(1));
    }

    /// <summary>The descriptor's members.</summary>
    public static JsonObject Write(FinishedTake finished, GatewayOptions options, Guid bootId) => new()
    {
        ["version"] = 1,
        ["tenant"] = options.Tenant,
        ["site"] = options.Site,
        ["call"] = finished.Admission.Call.ToString(),
        ["take"] = finished.Take.Id.ToString(),
        ["kind"] = "call",
        ["gateway"] = finished.Take.Gateway,
        ["interface"] = options.Interface,
        ["epoch"] = finished.Take.Epoch,
        ["startedAt"] = finished.StartedAt.ToUnixTimeMilliseconds(),
        ["endedAt"] = finished.EndedAt.ToUnixTimeMilliseconds(),
        ["startMonotonicNs"] = finished.StartMonotonicNs.ToString(CultureInfo.InvariantCulture),
        ["bootId"] = bootId.ToString("D"),
        ["endReason"] = Word(finished.Reason),
        ["chunks"] = (long)finished.Closed.Chunks,
        ["chainHead"] = Convert.ToHexStringLower(finished.Closed.ChainHead.Span),
        ["flags"] = new JsonArray([.. finished.Flags.Select(flag => (JsonNode)flag)]),
        ["streams"] = new JsonArray([.. finished.Take.Streams.Select((stream, i) =>
            Stream(stream, finished.Formats[i]))]),
        ["gaps"] = new JsonArray([.. finished.Gaps.Select(Gap)]),
    };

    private static JsonObject Stream(
        StreamDocument stream, (int PayloadType, int ClockRate, IReadOnlyList<PayloadFormat> All) format) => new()
    {
        ["index"] = stream.Index,
        ["label"] = stream.Label,
        ["codec"] = stream.Codec,
        ["clockRate"] = format.ClockRate,
        ["payloadType"] = format.PayloadType,
        ["formats"] = PayloadFormats.Write(format.All),
        ["packets"] = stream.Packets,
        ["lost"] = stream.Lost,
        ["kernelDrops"] = stream.KernelDrops,
        ["late"] = stream.Late,
        ["foreign"] = stream.Foreign,
        ["firstAt"] = stream.FirstAt?.ToUnixTimeMilliseconds(),
        ["lastAt"] = stream.LastAt?.ToUnixTimeMilliseconds(),
    };

    private static JsonNode Gap(TakeGap gap) => new JsonObject
    {
        ["stream"] = gap.Stream,
        ["from"] = gap.From.ToUnixTimeMilliseconds(),
        ["to"] = gap.To.ToUnixTimeMilliseconds(),
        ["reason"] = gap.Reason,
        ["packets"] = gap.Packets,
    };
}
