using System.Buffers.Binary;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>The body of type 4 (FORMAT.md §4).</summary>
internal static class ClosedRecord
{
    internal const int Size = 16 + 8 + ChunkHash.Size + 8 + 8;

    internal static void Write(
        Span<byte> body, Guid takeId, ulong chunks, ReadOnlySpan<byte> head, DateTimeOffset at, byte reason)
    {
        takeId.TryWriteBytes(body, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(body[16..], chunks);
        head.CopyTo(body[24..]);
        BinaryPrimitives.WriteInt64BigEndian(body[56..], at.ToUnixTimeMilliseconds());
        body[64..].Clear();
        body[64] = reason;
    }
}
