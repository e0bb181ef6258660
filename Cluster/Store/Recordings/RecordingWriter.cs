using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Store.IO;

namespace Talreg.Store.Recordings;

/// <summary>Writes one recording under its temporary name, checking the chain while it copies.</summary>
internal sealed class RecordingWriter : IDisposable
{
    private const int BufferSize = 1024 * 1024;

    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly NativeFile _file;
    private int _used;
    private long _position;

    private RecordingWriter(NativeFile file) => _file = file;

    /// <summary>Where the next byte goes.</summary>
    private long End => _position + _used;

    /// <summary>On return the file is on stable storage; after a failure it is gone.</summary>
    internal static void Write(string path, SealRequest request, CancellationToken cancellationToken)
    {
        Folders.Delete(path);
        var written = false;
        try
        {
            using var writer = new RecordingWriter(NativeFile.CreateNew(path, 0));
            writer.WriteAll(request, cancellationToken);
            written = true;
        }
        finally
        {
            if (!written)
            {
                Libc.Unlink(path);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private void WriteAll(SealRequest request, CancellationToken cancellationToken)
    {
        var take = request.Take;
        Span<byte> header = stackalloc byte[RecordingHeader.Size];
        new RecordingHeader(take.Identity.TakeId, take.Identity.CallId).Write(header);
        Append(header);

        var index = CopyChunks(request, cancellationToken);
        var indexOffset = End;
        Append(index);

        var descriptor = RecordingStore.Descriptor(request);
        var metadata = SealedJson.Seal(take.Key, take.Identity.TakeId, CanonicalJson.Write(request.Metadata));
        if (descriptor.Length > RecordingStore.MaxJson || metadata.Length > RecordingStore.MaxJson)
        {
            throw new StoreException($"{_file.Path}: descriptor or metadata is longer than {RecordingStore.MaxJson}");
        }

        var descriptorOffset = End;
        Append(descriptor);
        Append(metadata);
        var footer = new RecordingFooter(
            request.Closed.Chunks,
            indexOffset,
            descriptorOffset,
            descriptor.Length,
            metadata.Length,
            new ChunkHash(request.Closed.ChainHead.Span),
            new ChunkHash(SHA256.HashData([.. descriptor, .. metadata])));
        Span<byte> bytes = stackalloc byte[RecordingFooter.Size];
        footer.Write(bytes);
        Append(bytes);
        WriteOut();
        _file.Sync();
    }

    private byte[] CopyChunks(SealRequest request, CancellationToken cancellationToken)
    {
        var (take, closed) = (request.Take, request.Closed);
        var count = checked((int)closed.Chunks);
        if (count > take.Places.Count)
        {
            throw new StoreException($"take {take.Identity.TakeId}: the journal has fewer chunks than were closed");
        }

        var segments = take.Segments();
        var index = new byte[count * RecordingIndexEntry.Size];
        Span<byte> head = stackalloc byte[ChunkHash.Size];
        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        Chain.Start(take.Identity, head);
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            MakeRoom(ChunkHeader.MaxChunk);
            var length = take.ReadChunk(segments, i, _buffer.AsSpan(_used));
            var chunk = _buffer.AsSpan(_used, length);
            Chain.ChunkHashOf(chunk, hash);
            Chain.Advance(head, hash);
            RecordingIndexEntry.Of(End, chunk, hash).Write(index.AsSpan(i * RecordingIndexEntry.Size));
            _used += length;
        }

        return head.SequenceEqual(closed.ChainHead.Span)
            ? index
            : throw new StoreException($"take {take.Identity.TakeId}: the journal's chunks do not chain to its head");
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            MakeRoom(1);
            var part = bytes[..Math.Min(bytes.Length, BufferSize - _used)];
            part.CopyTo(_buffer.AsSpan(_used));
            _used += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    private void MakeRoom(int length)
    {
        if (_used + length > BufferSize)
        {
            WriteOut();
        }
    }

    private void WriteOut()
    {
        _file.Write(_buffer.AsSpan(0, _used), _position);
        _position += _used;
        _used = 0;
    }
}
