using System.Diagnostics.CodeAnalysis;

namespace Talreg.Verify;

/// <summary>One stream as the descriptor counts it.</summary>
internal sealed record DescribedStream(string Label, string Codec, long Packets, long Lost, long Foreign);

/// <summary>What a recording says of itself in clear (FORMAT §5).</summary>
internal sealed record Descriptor
{
    private static readonly string[] TextMembers =
        ["tenant", "site", "call", "take", "kind", "gateway", "interface", "bootId", "endReason", "chainHead",
            "startMonotonicNs"];

    private static readonly string[] NumberMembers =
        ["version", "epoch", "startedAt", "endedAt", "chunks"];

    public required JsonItem Json { get; init; }

    public required Guid Call { get; init; }

    public required Guid Take { get; init; }

    public required Guid Boot { get; init; }

    public required IReadOnlyList<DescribedStream> Streams { get; init; }

    public string Tenant => Json.TextOf("tenant")!;

    public string Site => Json.TextOf("site")!;

    public string ChainHead => Json.TextOf("chainHead")!;

    public long Chunks => Json.NumberOf("chunks")!.Value;

    public long Epoch => Json.NumberOf("epoch")!.Value;

    public static bool TryParse(
        ReadOnlyMemory<byte> bytes,
        [NotNullWhen(true)] out Descriptor? descriptor,
        [NotNullWhen(false)] out string? reason)
    {
        descriptor = null;
        if (!CanonicalJson.TryParse(bytes, out var json, out reason))
        {
            return false;
        }

        var missing = TextMembers.FirstOrDefault(m => json.TextOf(m) is null)
            ?? NumberMembers.FirstOrDefault(m => json.NumberOf(m) is null)
            ?? (json.ListOf("flags") is null ? "flags" : json.ListOf("gaps") is null ? "gaps" : null)
            ?? (json.ListOf("streams") is null ? "streams" : null);
        if (missing is not null)
        {
            reason = $"member '{missing}' is missing or of the wrong kind";
        }
        else if (json.NumberOf("version") != 1 || json.TextOf("kind") != "call")
        {
            reason = "not version 1 of kind 'call'";
        }
        else if (!Hex.TryParseUuid(json.TextOf("call"), out var call)
            || !Hex.TryParseUuid(json.TextOf("take"), out var take)
            || !Guid.TryParse(json.TextOf("bootId"), out var boot))
        {
            reason = "call, take or bootId is not a UUID";
        }
        else if (!TryParseStreams(json.ListOf("streams")!, out var streams))
        {
            reason = "a stream lacks a member, is out of order, or there are too many";
        }
        else
        {
            descriptor = new Descriptor { Json = json, Call = call, Take = take, Boot = boot, Streams = streams };
        }

        return descriptor is not null;
    }

    private static bool TryParseStreams(
        IReadOnlyList<JsonItem> items, [NotNullWhen(true)] out List<DescribedStream>? streams)
    {
        streams = [];
        foreach (var item in items)
        {
            if (streams.Count >= Limits.MaxStreams
                || item.NumberOf("index") != streams.Count
                || item.TextOf("label") is not { } label
                || item.TextOf("codec") is not { } codec
                || item.NumberOf("packets") is not (>= 0 and var packets)
                || item.NumberOf("lost") is not (>= 0 and var lost)
                || item.NumberOf("foreign") is not (>= 0 and var foreign))
            {
                streams = null;
                return false;
            }

            streams.Add(new DescribedStream(label, codec, packets, lost, foreign));
        }

        return true;
    }
}
