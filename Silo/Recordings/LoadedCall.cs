using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Media;
using Talreg.Media.Merge;
using Talreg.Media.Timeline;
using Talreg.Media.Wav;

namespace Talreg.Silo.Recordings;

/// <summary>A sealed take with its packets.</summary>
internal sealed record LoadedTake(TakeDocument Take, TakePackets Packets);

/// <summary>What could be loaded of a call: its takes, and as one. Memory: the packets' bytes.</summary>
internal sealed class LoadedCall
{
    private readonly CallDocument _call;
    private readonly MergedCall? _merged;

    /// <summary>Merges the takes, where there are several.</summary>
    /// <param name="call">The call.</param>
    /// <param name="takes">In the order they began.</param>
    /// <param name="missing">Those that could not be reached.</param>
    /// <exception cref="RefusalException">There are more than are merged.</exception>
    public LoadedCall(CallDocument call, IReadOnlyList<LoadedTake> takes, IReadOnlyList<TakeId> missing)
    {
        if (takes.Count > MergeRules.MaxTakes)
        {
            throw new RefusalException(
                RefusalKind.WrongState,
                $"Call {call.Id} has {takes.Count} takes; at most {MergeRules.MaxTakes} are merged. Take its packets.");
        }

        _call = call;
        Takes = takes;
        Missing = missing;
        _merged = takes.Count < 2 ? null : TakeMerger.Merge([.. takes.Select(take => new MergeTake
        {
            StartNs = take.Packets.StartNs,
            EndNs = take.Packets.EndNs,
            RealTimeOffsetNs = take.Packets.RealTimeOffsetNs,
            Streams = take.Packets.AudioStreams(),
            Pauses = take.Packets.Pauses,
        })]);
    }

    public IReadOnlyList<LoadedTake> Takes { get; }

    public IReadOnlyList<TakeId> Missing { get; }

    /// <summary>The call as it is heard; null when nothing of it is here.</summary>
    /// <exception cref="RefusalException">It cannot be rendered.</exception>
    public CallWav? Render()
    {
        if (_merged is { } merged)
        {
            return Render(merged.StartNs, merged.EndNs, [.. merged.Streams.Select(stream => stream.Audio)]);
        }

        return Takes.Count == 0 ? null : Render(Takes[0].Packets, Takes[0].Packets.AudioStreams());
    }

    /// <summary>One take as it is heard by itself.</summary>
    /// <exception cref="RefusalException">It cannot be rendered.</exception>
    public CallWav Render(TakePackets take, IReadOnlyList<AudioStream> streams) =>
        Render(take.StartNs, take.EndNs, streams);

    /// <summary>What came from which take; null for one take.</summary>
    public IReadOnlyList<MergedMedia>? Describe() => _merged is null ? null : [.. _merged.Streams.Select(Describe)];

    private CallWav Render(long startNs, long endNs, IReadOnlyList<AudioStream> streams) =>
        CallAudio.TryRender(startNs, endNs, streams, out var wav, out var refusal)
            ? wav
            : throw new RefusalException(
                RefusalKind.WrongState, $"Call {_call.Id} cannot be rendered ({refusal}); take its packets instead.");

    private MergedMedia Describe(MergedStream stream) => new()
    {
        Label = stream.Audio.Label,
        Packets = stream.Audio.Packets.Count,
        Disagreements = stream.Disagreements,
        Paused = stream.Paused,
        Sources =
        [
            .. stream.Sources.Select(source => new MergedTake(
                Takes[source.Take].Take.Id,
                source.Stream,
                Word(source.Join),
                source.Packets,
                source.Used,
                source.Alone)),
        ],
        Runs = Runs(stream),
        Notes = stream.Disagreements == 0
            ? stream.Notes
            : [.. stream.Notes, $"disagreement: {stream.Disagreements} packets differ between takes"],
    };

    private List<MergedRun> Runs(MergedStream stream)
    {
        var runs = new List<MergedRun>();
        var last = -1;
        for (var i = 0; i < stream.Takes.Count; i++)
        {
            if (stream.Takes[i] == last || runs.Count == MergedMedia.MaxRuns)
            {
                runs[^1] = runs[^1] with { Packets = runs[^1].Packets + 1 };
                continue;
            }

            last = stream.Takes[i];
            var at = DateTimeOffset.UnixEpoch.AddTicks(stream.Audio.Packets[i].ArrivalNs / TimeSpan.NanosecondsPerTick);
            runs.Add(new MergedRun(Takes[last].Take.Id, at, 1));
        }

        return runs;
    }

    private static string Word(MergeJoin join) => join switch
    {
        MergeJoin.First => "first",
        MergeJoin.Source => "source",
        MergeJoin.Payload => "payload",
        MergeJoin.Label => "label",
        _ => "apart",
    };
}
