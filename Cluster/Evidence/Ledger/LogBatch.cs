using System.Buffers.Binary;

namespace Talreg.Evidence.Ledger;

/// <summary>A batch as the bytes of its files.</summary>
internal sealed class LogBatch
{
    internal LogBatch(IReadOnlyList<LogItem> items, long checkpointSize)
    {
        Entries = new byte[items.Count * LogReader.EntryWidth];
        Keys = new byte[items.Count * LogReader.KeyWidth];
        Hashes = new byte[items.Count * MerkleTree.HashLength];
        var openings = new List<byte[]>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var entry = items[i].Entry.Encode();
            var entryRecord = Entries.AsSpan(i * LogReader.EntryWidth, LogReader.EntryWidth);
            BinaryPrimitives.WriteUInt16BigEndian(entryRecord, LedgerEntry.Length);
            entry.CopyTo(entryRecord[2..]);
            MerkleTree.HashLeaf(entry).CopyTo(Hashes, i * MerkleTree.HashLength);

            var keyRecord = Keys.AsSpan(i * LogReader.KeyWidth, LogReader.KeyWidth);
            items[i].KeyHash.Span.CopyTo(keyRecord);
            BinaryPrimitives.WriteInt64BigEndian(keyRecord[MerkleTree.HashLength..], checkpointSize);
            openings.Add(Encode(items[i].Opening));
        }

        Openings = openings;
    }

    /// <summary>Per entry <c>u16 length ‖ entry</c>.</summary>
    internal byte[] Entries { get; }

    /// <summary>Per entry <c>SHA-256 of the key ‖ u64 checkpoint size</c>.</summary>
    internal byte[] Keys { get; }

    /// <summary>Per entry its leaf hash.</summary>
    internal byte[] Hashes { get; }

    /// <summary>Per entry <c>u32 length ‖ salt ‖ body</c>.</summary>
    internal IReadOnlyList<byte[]> Openings { get; }

    private static byte[] Encode(LedgerOpening opening)
    {
        var bytes = new byte[4 + opening.Salt.Length + opening.Body.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, opening.Salt.Length + opening.Body.Length);
        opening.Salt.Span.CopyTo(bytes.AsSpan(4));
        opening.Body.Span.CopyTo(bytes.AsSpan(4 + opening.Salt.Length));
        return bytes;
    }
}
