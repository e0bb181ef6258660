using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;

namespace Talreg.Store.Tests.Vectors;

/// <summary>
/// Makes the frozen samples of version 1 again, in memory. Everything a writer draws or reads from a clock is fixed here;
/// such keys and nonces are for samples only.
/// </summary>
internal static class VectorBytes
{
    internal static readonly Guid Incarnation = new("10101010-1111-4111-8111-111111111111");

    internal static readonly Guid BootId = new("20202020-2222-4222-8222-222222222222");

    internal static readonly Guid SegmentId = new("30303030-3333-4333-8333-333333333333");

    internal static readonly TakeIdentity Take = new()
    {
        CallId = new Guid("019b76da-a800-7000-8000-000000000001"),
        TakeId = new Guid("019b76da-a800-7000-8000-000000000002"),
        Tenant = "bank-1",
        Site = "north",
        Epoch = 7,
    };

    internal static byte[] RootKey => Numbered(0x00);

    internal static byte[] TakeKey => Numbered(0x40);

    internal static byte[] SegmentKey => Numbered(0x80);

    /// <summary>The take's first chunk.</summary>
    internal static byte[] Chunk() => Chunks()[0];

    internal static byte[] Recording()
    {
        var chunks = Chunks();
        var head = Head(chunks);
        var file = new MemoryStream();
        var header = new byte[RecordingHeader.Size];
        new RecordingHeader(Take.TakeId, Take.CallId).Write(header);
        file.Write(header);
        var index = new MemoryStream();
        var line = new byte[RecordingIndexEntry.Size];
        var hash = new byte[ChunkHash.Size];
        foreach (var chunk in chunks)
        {
            Chain.ChunkHashOf(chunk, hash);
            RecordingIndexEntry.Of(file.Length, chunk, hash).Write(line);
            index.Write(line);
            file.Write(chunk);
        }

        var indexOffset = file.Length;
        file.Write(index.ToArray());
        var descriptorOffset = file.Length;
        var descriptor = CanonicalJson.Write(VectorTake.Descriptor((ulong)chunks.Length, head));
        var metadata = SealedJson.Seal(TakeKey, Take.TakeId, CanonicalJson.Write(VectorTake.Metadata()), Nonce(3));
        file.Write(descriptor);
        file.Write(metadata);
        var footer = new byte[RecordingFooter.Size];
        new RecordingFooter(
            (ulong)chunks.Length,
            indexOffset,
            descriptorOffset,
            descriptor.Length,
            metadata.Length,
            new ChunkHash(head),
            new ChunkHash(SHA256.HashData([.. descriptor, .. metadata]))).Write(footer);
        file.Write(footer);
        return file.ToArray();
    }

    /// <summary>A segment with one take: opened, two chunks, an event, a mark, two chunks, closed, a mark.</summary>
    internal static byte[] Journal()
    {
        var chunks = Chunks();
        var file = new MemoryStream();
        var header = new byte[SegmentHeader.Size];
        new SegmentHeader(1, SegmentId, Incarnation, VectorTake.StartedAtMs).Write(header);
        file.Write(header);
        Append(file, RecordType.TakeOpened, Opened());
        Append(file, RecordType.Chunk, chunks[0]);
        Append(file, RecordType.Chunk, chunks[1]);
        var paused = SealedJson.Seal(TakeKey, Take.TakeId, CanonicalJson.Write(VectorTake.Event()), Nonce(2));
        Append(file, RecordType.TakeEvent, [.. Take.TakeId.ToByteArray(bigEndian: true), .. paused]);
        Append(file, RecordType.CommitMark, Number(file.Length));
        Append(file, RecordType.Chunk, chunks[2]);
        Append(file, RecordType.Chunk, chunks[3]);
        var closed = new byte[ClosedRecord.Size];
        var at = DateTimeOffset.FromUnixTimeMilliseconds(VectorTake.EndedAtMs);
        ClosedRecord.Write(closed, Take.TakeId, (ulong)chunks.Length, Head(chunks), at, VectorTake.EndReason);
        Append(file, RecordType.TakeClosed, closed);
        Append(file, RecordType.CommitMark, Number(file.Length));
        return file.ToArray();
    }

    internal static byte[] Keys() => CanonicalJson.Write(new JsonObject
    {
        ["root"] = Convert.ToHexStringLower(RootKey),
        ["segment"] = Convert.ToHexStringLower(SegmentKey),
        ["segmentId"] = SegmentId.ToString("D"),
        ["take"] = Convert.ToHexStringLower(TakeKey),
        ["takeId"] = Take.TakeId.ToString("D"),
        ["tenant"] = Take.Tenant,
    });

    private static byte[][] Chunks()
    {
        using var sealer = new TakeSealer(Take, TakeKey, Incarnation, BootId);
        var buffer = new byte[ChunkHeader.MaxChunk];
        return [.. VectorTake.Chunks().Select(c => buffer[..sealer.Seal(c.Facts, c.PlainText, buffer)])];
    }

    private static byte[] Head(byte[][] chunks)
    {
        var head = new byte[ChunkHash.Size];
        var hash = new byte[ChunkHash.Size];
        Chain.Start(Take, head);
        foreach (var chunk in chunks)
        {
            Chain.ChunkHashOf(chunk, hash);
            Chain.Advance(head, hash);
        }

        return head;
    }

    private static byte[] Opened()
    {
        var facts = SealedJson.Seal(TakeKey, Take.TakeId, CanonicalJson.Write(VectorTake.Facts()), Nonce(1));
        var wrapped = new byte[TakeRecord.WrappedSize];
        TakeRecord.WrapKey(SegmentKey, Take.TakeId, SegmentId, TakeKey, Nonce(4), wrapped);
        var body = new byte[TakeRecord.Size(carried: false, facts.Length)];
        TakeRecord.Write(body, Take, null, default, wrapped, facts);
        return body;
    }

    private static void Append(MemoryStream file, RecordType type, ReadOnlySpan<byte> body)
    {
        var record = new byte[RecordFrame.HeaderSize + body.Length];
        body.CopyTo(record.AsSpan(RecordFrame.HeaderSize));
        RecordFrame.Finish(record, type, SegmentId, file.Length);
        file.Write(record);
    }

    private static byte[] Number(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Nonce(byte number) => [.. Enumerable.Repeat(number, 12)];

    private static byte[] Numbered(int first) => [.. Enumerable.Range(first, 32).Select(static i => (byte)i)];
}
