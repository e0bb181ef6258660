using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;

namespace Talreg.Store.Journal;

/// <summary>A take as the scan builds it up. Chunks are taken only while they follow one another and chain.</summary>
internal sealed class RecoveringTake
{
    private const int MaxEvents = 10_000;

    private readonly byte[] _head = new byte[ChunkHash.Size];
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private readonly HashSet<Guid> _seals = [];
    private ClosedTake? _closed;
    private ChunkFacts? _lastChunk;
    private ulong _chunks;
    private (string What, JournalSegment Segment, long Offset)? _break;
    private string? _damage;
    private string? _doubt;

    internal RecoveringTake(TakeIdentity identity, byte[] facts, long start, ReadOnlySpan<byte> key)
    {
        Take = new JournalTake(identity, facts, start, key);
        Take.TryBeginClosing();
        Chain.Start(identity, _head);
    }

    internal JournalTake Take { get; }

    /// <summary>True when the take is a recording: that holds all of it, and part of the journal may be released already.</summary>
    internal bool IsRecorded { get; set; }

    internal ulong Chunks => _chunks;

    /// <summary>Bytes of chunks that no sync had confirmed, and that stand behind others that are lost.</summary>
    internal long TornBytes { get; private set; }

    internal void Opened(JournalSegment segment) => Take.AddSegment(segment);

    internal void Carried(JournalSegment segment, long offset, ReadOnlySpan<byte> state)
    {
        Take.AddSegment(segment);
        var chunks = BinaryPrimitives.ReadUInt64BigEndian(state);

        // Written again on another volume, it goes on from what was confirmed, whatever the failed one has kept.
        _break = null;
        if (chunks > _chunks)
        {
            NoteBreak("chunks before it was carried on are missing", segment, offset);
        }
        else if (chunks == _chunks && !state.Slice(8, ChunkHash.Size).SequenceEqual(_head))
        {
            NoteDamage("it was carried on with another chain", segment);
        }
    }

    /// <summary>Something is damaged that may have been a chunk of this take: its next chunk, or its close, tells.</summary>
    internal void Doubt(JournalSegment segment, long offset)
    {
        if (_closed is null)
        {
            _doubt ??= string.Create(
                CultureInfo.InvariantCulture,
                $"chunks behind {_chunks} may be lost to damage at {offset} of {Path.GetFileName(segment.Path)}");
        }
    }

    internal void AddChunk(JournalSegment segment, long offset, ReadOnlySpan<byte> chunk, in ChunkHeader header)
    {
        if (header.Index <= _chunks && header.Index > 0)
        {
            Compare(segment, chunk, header.Index);
            return;
        }

        if (_damage is not null || _break is not null || header.Index != _chunks + 1 || _closed is not null)
        {
            NoteBreak($"chunk {header.Index} does not follow chunk {_chunks}", segment, offset);
            TornBytes += chunk.Length;
            return;
        }

        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        Chain.ChunkHashOf(chunk, hash);
        Chain.Advance(_head, hash);
        var number = Take.AddSegment(segment);
        Take.Places.Add(new ChunkPlace(number, (uint)offset, chunk.Length));
        _lastChunk = header.Facts;
        _chunks++;
        _doubt = null;
    }

    internal void AddEvent(JournalSegment segment, ReadOnlySpan<byte> sealedJson)
    {
        Take.AddSegment(segment);
        // The same seal again is the same event, written again on the next volume.
        if (sealedJson.Length >= 16 && !_seals.Add(new Guid(sealedJson[^16..])))
        {
            return;
        }

        if (_events.Count < MaxEvents
            && SealedJson.TryOpen(Take.Key, Take.Identity.TakeId, sealedJson, out var json, out _))
        {
            _events.Add(json);
        }
        else
        {
            NoteDamage("an event cannot be kept or opened", segment);
        }
    }

    internal void Close(JournalSegment segment, long offset, ReadOnlySpan<byte> body)
    {
        Take.AddSegment(segment);
        if (BinaryPrimitives.ReadUInt64BigEndian(body[16..]) != _chunks || !body.Slice(24, 32).SequenceEqual(_head))
        {
            NoteBreak("it was closed with chunks that are missing", segment, offset);
            return;
        }

        var at = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(body[56..]));
        _doubt = null;
        _closed = new ClosedTake(Take.Identity, _chunks, _head.ToArray(), at, body[64]);
    }

    /// <summary>A segment was read to its end. What did not follow in it is damage where a sync had confirmed it. Elsewhere
    /// it is a torn tail: the kernel had written it, and not yet what stands before it in an earlier segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="confirmed">Bytes of it that a sync confirmed.</param>
    internal void Settle(JournalSegment segment, long confirmed)
    {
        if (_break is var (what, broken, offset) && broken == segment && offset < confirmed)
        {
            NoteDamage(what, segment);
        }
    }

    internal RecoveredTake Finish()
    {
        Take.Commit(_chunks);
        return new RecoveredTake
        {
            Take = Take,
            Closed = _closed,
            Chunks = _chunks,
            ChainHead = _head,
            Events = _events,
            LastChunk = _lastChunk,
            Damage = _damage ?? _doubt,
        };
    }

    /// <summary>Reads the body of a type 1 or 5 record.</summary>
    internal static RecoveringTake? Read(ReadOnlySpan<byte> body, bool carried, JournalSegment segment)
    {
        var size = TakeRecord.Size(carried, SealedJson.Overhead);
        if (body.Length < size || !ChunkLayout.TryReadName(body.Slice(32, ChunkLayout.TenantSize), out var tenant))
        {
            return null;
        }

        var takeId = new Guid(body[..16], bigEndian: true);
        var wrapped = body[(TakeRecord.IdentitySize + (carried ? TakeRecord.CarriedSize : 0))..];
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        if (!TakeRecord.TryUnwrapKey(segment.Key, takeId, segment.Id, wrapped, key)
            || !SealedJson.TryOpen(key, takeId, wrapped[TakeRecord.WrappedSize..], out var json, out _)
            || !CanonicalJson.TryParseCanonical(json, out var node, out _)
            || node is not JsonObject facts)
        {
            return null;
        }

        var identity = new TakeIdentity
        {
            CallId = new Guid(body.Slice(16, 16), bigEndian: true),
            TakeId = takeId,
            Tenant = tenant,
            Site = facts["site"] is JsonValue site && site.TryGetValue<string>(out var name) ? name : "unknown",
            Epoch = facts["epoch"] is JsonValue epoch && epoch.TryGetValue<ulong>(out var number) ? number : 0,
        };
        return new RecoveringTake(identity, json, JournalTake.StartOf(json), key);
    }

    // Written on two volumes: once before the first failed, and once more on the next.
    private void Compare(JournalSegment segment, ReadOnlySpan<byte> chunk, ulong index)
    {
        var known = new byte[ChunkHeader.MaxChunk];
        var length = Take.ReadChunk(Take.Segments(), (int)index - 1, known);
        if (!chunk.SequenceEqual(known.AsSpan(0, length)))
        {
            NoteDamage($"chunk {index} stands in the journal with two contents", segment);
        }
    }

    private void NoteBreak(string what, JournalSegment segment, long offset) => _break ??= (what, segment, offset);

    // What cannot be used now is kept: the segment is not released with the take.
    private void NoteDamage(string what, JournalSegment segment)
    {
        if (IsRecorded)
        {
            return;
        }

        _damage ??= what;
        segment.Keep();
    }
}
