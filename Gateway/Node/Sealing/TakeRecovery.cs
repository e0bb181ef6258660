using Talreg.Capture.Rtp;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;

namespace Talreg.Gateway.Sealing;

/// <summary>
/// Makes a take that an earlier process left in the journal ready to be sealed: from the journal alone.
/// </summary>
internal sealed class TakeRecovery(GatewayOptions options, TimeProvider clock)
{
    /// <summary>The word for what a recorder that was not running did not hear.</summary>
    private const string RestartGap = "restart";

    /// <summary>The word for what the journal held and can no longer give.</summary>
    private const string DamageGap = "damage";

    /// <summary>Counts a take again and declares what is missing since it stopped.</summary>
    public FinishedTake Finish(RecoveredTake found)
    {
        var facts = TakeFacts.Read(found.Take.FactsJson.Span);
        var known = CallTransitions.Admit(null, facts.Admission);
        var streams = facts.Streams;
        var flags = new List<string>(facts.Admission.Flags);
        IReadOnlyList<StreamDocument> noted = [];
        foreach (var json in found.Events)
        {
            (streams, var changed) = TakeFacts.ReadEvent(json.Span);
            known = CallTransitions.Change(known, changed);
            flags.AddRange(changed.Flags);
            noted = changed.Take.Streams;
        }

        var counts = Count(found.Take, streams.Count);
        var interrupted = found.Closed is null;
        var closed = found.CloseAs((byte)EndReason.Restart, LastArrival(found) ?? facts.StartedAt);
        var take = Document(found, facts.Gateway, streams, counts, noted);
        if (interrupted)
        {
            flags.Add(CallFlags.Interrupted);
        }

        return new FinishedTake
        {
            Admission = facts.Admission,
            Take = take,
            Formats = [.. streams.Select(stream => (stream.PayloadType, stream.ClockRate, stream.Formats))],
            StartedAt = facts.StartedAt,
            StartMonotonicNs = facts.StartMonotonicNs,
            EndedAt = closed.ClosedAt,
            Reason = (EndReason)closed.Reason,
            Flags = FinishedTakes.FlagsOf(take, flags),
            Gaps =
            [
                .. LostGaps(take),
                .. DamageGaps(found, facts.StartedAt),
                .. interrupted
                    ? [new TakeGap(null, closed.ClosedAt, clock.GetUtcNow(), RestartGap, Packets: null)]
                    : Array.Empty<TakeGap>(),
            ],
            Closed = closed,
            Known = CallTransitions.Start(known, new TakeStarted(take, facts.StartedAt)),
        };
    }

    private static DateTimeOffset? LastArrival(RecoveredTake found) => found.LastChunk is { } last
        ? Time(last.LastArrivalNs + last.RealTimeOffsetNs)
        : null;

    private static DateTimeOffset Time(long unixNs) =>
        DateTimeOffset.UnixEpoch.AddTicks(unixNs / TimeSpan.NanosecondsPerTick);

    private static StoredStreamCount[] Count(JournalTake take, int streams)
    {
        var counts = new StoredStreamCount[streams];
        for (var i = 0; i < streams; i++)
        {
            counts[i] = new StoredStreamCount();
        }

        foreach (var chunk in take.OpenChunks())
        {
            if (chunk.Facts.Stream >= streams)
            {
                continue;
            }

            var frames = new FrameReader(chunk.PlainText.Span);
            while (frames.MoveNext())
            {
                counts[chunk.Facts.Stream].Add(frames.Current, chunk.Facts.RealTimeOffsetNs);
            }
        }

        return counts;
    }

    // From the last chunk that could be used; how far the damage reaches nobody can say, so it reaches to now.
    private IEnumerable<TakeGap> DamageGaps(RecoveredTake found, DateTimeOffset startedAt) => found.Damage is null
        ? []
        : [new TakeGap(null, LastArrival(found) ?? startedAt, clock.GetUtcNow(), DamageGap, Packets: null)];

    private static List<TakeGap> LostGaps(TakeDocument take) =>
    [
        .. take.Streams
            .Where(stream => stream.Lost > 0)
            .Select(stream =>
                new TakeGap(stream.Index, stream.FirstAt!.Value, stream.LastAt!.Value, "network", stream.Lost)),
    ];

    // What the kernel dropped stands in no packet: what the take's last event said of it is the least it was.
    private TakeDocument Document(
        RecoveredTake found,
        string gateway,
        IReadOnlyList<StreamFormat> streams,
        StoredStreamCount[] counts,
        IReadOnlyList<StreamDocument> noted) => new()
    {
        Id = new TakeId(found.Take.Identity.TakeId),
        Gateway = gateway.Length > 0 ? gateway : options.Gateway,
        Epoch = (long)found.Take.Identity.Epoch,
        CommittedChunks = (long)found.Chunks,
        Streams =
        [
            .. streams.Select((stream, i) => new StreamDocument
            {
                Index = i,
                Label = stream.Label,
                Codec = stream.Codec,
                Participant = stream.Participant,
                Packets = counts[i].Packets,
                Lost = counts[i].Lost,
                KernelDrops = noted.FirstOrDefault(before => before.Index == i)?.KernelDrops ?? 0,
                Late = counts[i].Late,
                Foreign = counts[i].Foreign,
                FirstAt = counts[i].FirstUnixNs is { } first ? Time(first) : null,
                LastAt = counts[i].LastUnixNs is { } last ? Time(last) : null,
            }),
        ],
    };
}
