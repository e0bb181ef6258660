using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Journal;

/// <summary>
/// One take in the journal, live or not yet sealed. Made by <see cref="TakeJournal.OpenTake"/> or by recovery. Its
/// properties may be read on any thread.
/// </summary>
public sealed class JournalTake
{
    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(KeyTree.KeySize, pinned: true);
    private readonly List<JournalSegment> _segments = [];
    private ulong _committedChunks;
    private long _appended;
    private int _closing;

    internal JournalTake(TakeIdentity identity, byte[] facts, long startMonotonicNs, ReadOnlySpan<byte> key)
    {
        Identity = identity;
        Facts = facts;
        StartMonotonicNs = startMonotonicNs;
        key.CopyTo(_key);
    }

    /// <summary>Which take it is.</summary>
    public TakeIdentity Identity { get; }

    /// <summary>The take's start in nanoseconds of CLOCK_MONOTONIC, as its facts say; slots count from it.</summary>
    public long StartMonotonicNs { get; }

    /// <summary>Chunks that are on stable storage: never more than a sync has confirmed.</summary>
    public ulong CommittedChunks => Volatile.Read(ref _committedChunks);

    /// <summary>The canonical JSON the take was opened with.</summary>
    public ReadOnlyMemory<byte> FactsJson => Facts;

    /// <summary>Opens the take's chunks in order, as recovery needs them to count again what a dead process had counted.</summary>
    /// <exception cref="StoreException">A chunk cannot be read or does not open.</exception>
    public IEnumerable<OpenedChunk> OpenChunks()
    {
        var segments = Segments();
        var chunk = new byte[ChunkHeader.MaxChunk];
        var text = new byte[ChunkHeader.MaxPlainText];
        for (var i = 0; i < Places.Count; i++)
        {
            var length = ReadChunk(segments, i, chunk);
            if (!ChunkOpener.TryOpen(_key, chunk.AsSpan(0, length), text, out var textLength, out var reason))
            {
                throw new StoreException($"Take {Identity.TakeId}: chunk {i + 1}: {reason}");
            }

            yield return new OpenedChunk(ChunkHeader.ReadFacts(chunk), text.AsMemory(0, textLength));
        }
    }

    internal byte[] Facts { get; }

    internal ReadOnlySpan<byte> Key => _key;

    internal long Handle { get; init; }

    /// <summary>Number of the writer it stays with.</summary>
    internal int Writer { get; init; }

    /// <summary>Chunks that producers have handed over.</summary>
    internal long Appended => Interlocked.Read(ref _appended);

    internal bool Closing => Volatile.Read(ref _closing) != 0;

    internal ChunkPlaces Places { get; } = new();

    /// <summary>What only the writer thread touches while the take is live.</summary>
    internal TakeWriting Writing { get; } = new();

    internal static long StartOf(ReadOnlySpan<byte> factsJson)
    {
        if (!CanonicalJson.TryParseCanonical(factsJson, out var facts, out var reason))
        {
            throw new ArgumentException($"Take facts: {reason}.", nameof(factsJson));
        }

        return facts is JsonObject members
            && members.TryGetPropertyValue("startMonotonicNs", out var start)
            && start is JsonValue value
            && value.TryGetValue<string>(out var text)
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ns)
                ? ns
                : throw new ArgumentException("Take facts lack startMonotonicNs.", nameof(factsJson));
    }

    internal void CountAppended() => Interlocked.Increment(ref _appended);

    /// <summary>Makes the take refuse chunks; false when it did already.</summary>
    internal bool TryBeginClosing() => Interlocked.Exchange(ref _closing, 1) == 0;

    internal void Commit(ulong chunks) => Volatile.Write(ref _committedChunks, chunks);

    /// <summary>Notes that a segment holds records of this take; gives the segment's number within the take.</summary>
    internal int AddSegment(JournalSegment segment)
    {
        lock (_segments)
        {
            if (_segments.Count == 0 || _segments[^1] != segment)
            {
                _segments.Add(segment);
                segment.AddTake();
            }

            return _segments.Count - 1;
        }
    }

    internal JournalSegment[] Segments()
    {
        lock (_segments)
        {
            return [.. _segments];
        }
    }

    /// <summary>The take needs its segments no longer; gives them, once.</summary>
    internal JournalSegment[] LetGo()
    {
        lock (_segments)
        {
            JournalSegment[] segments = [.. _segments];
            _segments.Clear();
            CryptographicOperations.ZeroMemory(_key);
            return segments;
        }
    }

    /// <summary>Reads one chunk, committed or at least written.</summary>
    internal int ReadChunk(JournalSegment[] segments, int index, Span<byte> buffer)
    {
        var place = Places[index];
        var segment = segments[place.Segment];
        return segment.File.Read(buffer[..place.Length], place.Offset) == place.Length
            ? place.Length
            : throw new StoreException($"{segment.Path}: ends inside a chunk at {place.Offset}");
    }

    /// <summary>The writer thread's view of a take.</summary>
    internal sealed class TakeWriting
    {
        /// <summary>Null until the take's first record is written, and again after its last.</summary>
        internal TakeSealer? Sealer { get; set; }

        /// <summary>The segment in which the take was last opened or carried.</summary>
        internal JournalSegment? Segment { get; set; }

        /// <summary>Number of that segment within the take.</summary>
        internal int SegmentNumber { get; set; }

        /// <summary>Chunks taken over from producers, written or refused.</summary>
        internal long Taken { get; set; }

        /// <summary>Number of the batch in which the take last made progress, and its place there.</summary>
        internal long Batch { get; set; } = -1;

        /// <summary>See <see cref="Batch"/>.</summary>
        internal int BatchPlace { get; set; }

        internal bool Closed { get; set; }
    }
}
