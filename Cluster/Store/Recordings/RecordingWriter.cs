using System.Buffers;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Crypto;
using Talreg.Evidence.Json;
using Talreg.Store.IO;
using Talreg.Store.Journal;

namespace Talreg.Store.Recordings;

/// <summary>
/// Writes one recording under its temporary name, checking the chain while it copies. What fails is kept in
/// <see cref="Failure"/>, the file is then gone, and every further call does nothing: others of the batch go on. One thread.
/// </summary>
internal sealed class RecordingWriter : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly IDisk _disk;
    private readonly SealRequest _request;
    private readonly string _path;
    private readonly string _temporary;
    private readonly JournalTake _take;
    private readonly int _count;
    private readonly byte[] _head = new byte[ChunkHash.Size];
    private byte[] _buffer = [];
    private byte[] _index = [];
    private JournalSegment[] _segments = [];
    private IDataFile? _file;
    private int _copied;
    private int _used;
    private long _position;

    internal RecordingWriter(IDisk disk, SealRequest request, string path)
    {
        _disk = disk;
        _request = request;
        _path = path;
        _temporary = path + ".tmp";
        _take = request.Take;
        _count = checked((int)request.Closed.Chunks);
    }

    /// <summary>What failed; null while all is well.</summary>
    internal StoreException? Failure { get; private set; }

    /// <summary>What the file states, once <see cref="Finish"/> was called.</summary>
    internal RecordingInfo? Info { get; private set; }

    /// <summary>True while there are chunks to copy.</summary>
    internal bool HasChunk => Failure is null && _copied < _count;

    /// <summary>Where the next chunk lies in the journal.</summary>
    internal (ulong Sequence, uint Offset) NextPlace
    {
        get
        {
            var place = _take.Places[_copied];
            return (_segments[place.Segment].Header.Sequence, place.Offset);
        }
    }

    // Where the next byte goes.
    private long End => _position + _used;

    /// <summary>Makes the file and writes its header.</summary>
    internal void Begin() => Try(() =>
    {
        if (_count > _take.Places.Count)
        {
            throw new StoreException($"take {_take.Identity.TakeId}: the journal has fewer chunks than were closed");
        }

        Folders.Create(Path.GetDirectoryName(_path)!);
        _segments = _take.Segments();
        _index = new byte[_count * RecordingIndexEntry.Size];
        _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        _file = _disk.CreateEmpty(_temporary);
        Chain.Start(_take.Identity, _head);
        Span<byte> header = stackalloc byte[RecordingHeader.Size];
        new RecordingHeader(_take.Identity.TakeId, _take.Identity.CallId).Write(header);
        Append(header);
    });

    /// <summary>Copies one chunk and takes it into the chain.</summary>
    internal void CopyNext(SegmentReader reader, Sha256Hasher sha256)
    {
        try
        {
            var place = _take.Places[_copied];
            var chunk = reader.Read(_segments[place.Segment], place);
            Span<byte> hash = stackalloc byte[ChunkHash.Size];
            Chain.ChunkHashOf(sha256, chunk, hash);
            Chain.Advance(sha256, _head, hash);
            RecordingIndexEntry.Of(End, chunk, hash).Write(_index.AsSpan(_copied * RecordingIndexEntry.Size));
            Append(chunk);
            _copied++;
        }
        catch (StoreException e)
        {
            Fail(e);
        }
    }

    /// <summary>Writes what stands behind the chunks, and has the kernel begin to write the file out.</summary>
    internal void Finish() => Try(() =>
    {
        if (!_head.AsSpan().SequenceEqual(_request.Closed.ChainHead.Span))
        {
            throw new StoreException($"take {_take.Identity.TakeId}: the journal's chunks do not chain to its head")
            {
                IsDamaged = true,
            };
        }

        var descriptor = RecordingStore.Descriptor(_request);
        var metadata = SealedJson.Seal(_take.Key, _take.Identity.TakeId, CanonicalJson.Write(_request.Metadata));
        if (descriptor.Length > RecordingStore.MaxJson || metadata.Length > RecordingStore.MaxJson)
        {
            throw new StoreException($"{_temporary}: descriptor or metadata is longer than {RecordingStore.MaxJson}");
        }

        var indexOffset = End;
        Append(_index);
        var footer = new RecordingFooter(
            _request.Closed.Chunks,
            indexOffset,
            End,
            descriptor.Length,
            metadata.Length,
            new ChunkHash(_head),
            new ChunkHash(SHA256.HashData([.. descriptor, .. metadata])));
        Append(descriptor);
        Append(metadata);
        Span<byte> bytes = stackalloc byte[RecordingFooter.Size];
        footer.Write(bytes);
        Append(bytes);
        WriteOut();
        _file!.BeginWriteOut();
        Info = new RecordingInfo
        {
            Path = _path,
            CallId = _take.Identity.CallId,
            TakeId = _take.Identity.TakeId,
            Tenant = _take.Identity.Tenant,
            Chunks = footer.Chunks,
            ChainHead = footer.ChainHead,
            ContentHash = footer.ContentHash,
            Bytes = _position,
        };
        LetGo();
    });

    /// <summary>On return the file is on stable storage under its temporary name, and closed.</summary>
    internal void Sync() => Try(() =>
    {
        _file!.Sync();
        _file.Dispose();
    });

    /// <summary>Gives the file its name; the folder is still to be synced.</summary>
    internal void Name() => Try(() => _disk.Rename(_temporary, _path));

    /// <summary>Gives up: the file is gone.</summary>
    internal void Fail(StoreException error)
    {
        Failure ??= error;
        LetGo();
        if (_file is not null)
        {
            _file.Dispose();
            _disk.TryDelete(_temporary);
        }
    }

    public void Dispose() => _file?.Dispose();

    private void LetGo()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _index) = ([], []);
    }

    private void Try(Action step)
    {
        if (Failure is not null)
        {
            return;
        }

        try
        {
            step();
        }
        catch (StoreException e)
        {
            Fail(e);
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_used == BufferSize)
            {
                WriteOut();
            }

            var part = bytes[..Math.Min(bytes.Length, BufferSize - _used)];
            part.CopyTo(_buffer.AsSpan(_used));
            _used += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    private void WriteOut()
    {
        _file!.Write(_buffer.AsSpan(0, _used), _position);
        _position += _used;
        _used = 0;
    }
}
