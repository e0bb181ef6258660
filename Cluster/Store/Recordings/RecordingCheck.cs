using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Crypto;

namespace Talreg.Store.Recordings;

/// <summary>Checks a recording against itself, without keys, in one pass over the file (FORMAT.md §3, §5).</summary>
internal sealed class RecordingCheck : IDisposable
{
    // Reads of this size cost little more than their bytes; index lines are 40 times shorter than chunks.
    private const int ChunkWindow = 256 * 1024;
    private const int IndexWindow = 1024 * RecordingIndexEntry.Size;

    private readonly Sha256Hasher _sha256 = new();
    private readonly RecordingReader _reader;
    private readonly SequentialReader _chunks;
    private readonly SequentialReader _index;

    private RecordingCheck(RecordingReader reader, IReadPace? pace)
    {
        _reader = reader;
        _chunks = reader.Sequential(ChunkWindow, pace);
        _index = reader.Sequential(IndexWindow, pace);
    }

    /// <summary>What is wrong, or null.</summary>
    internal static string? Run(RecordingReader reader, IReadPace? pace, CancellationToken cancellationToken)
    {
        using var check = new RecordingCheck(reader, pace);
        var identity = new TakeIdentity
        {
            CallId = reader.Info.CallId,
            TakeId = reader.Info.TakeId,
            Tenant = reader.Info.Tenant,
            Site = Text(reader, "site"),
            Epoch = reader.Descriptor["epoch"] is JsonValue epoch
                && epoch.TryGetValue<ulong>(out var number) ? number : 0,
        };
        if (!ChunkLayout.IsName(identity.Tenant, ChunkLayout.TenantSize))
        {
            return "the descriptor names no tenant";
        }

        try
        {
            return check.CheckChunks(identity, cancellationToken)
                ?? CheckDescriptor(reader)
                ?? check.CheckContent();
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => _sha256.Dispose();

    private string? CheckChunks(TakeIdentity identity, CancellationToken cancellationToken)
    {
        Span<byte> head = stackalloc byte[ChunkHash.Size];
        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        Chain.Start(identity, head);
        long offset = RecordingHeader.Size;
        for (var i = 0; i < _reader.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var line = _index.Read(
                _reader.Footer.IndexOffset + ((long)i * RecordingIndexEntry.Size), RecordingIndexEntry.Size);
            var entry = RecordingIndexEntry.Read(line);
            _reader.ThrowUnlessWithin(i, entry);
            if (!RecordingIndexEntry.IsReservedZero(line))
            {
                return $"chunk {i + 1}: the index does not agree with it";
            }

            var chunk = _chunks.Read(entry.Offset, entry.Length);
            if (!ChunkHeader.TryRead(chunk, out var header, out var reason))
            {
                return $"chunk {i + 1}: {reason}";
            }

            if (header.TakeId != identity.TakeId
                || header.Tenant != identity.Tenant
                || header.Site != identity.Site
                || header.Epoch != identity.Epoch
                || header.Index != (ulong)i + 1
                || header.TotalLength != chunk.Length)
            {
                return $"chunk {i + 1}: its header does not agree with the file";
            }

            Chain.ChunkHashOf(_sha256, chunk, hash);
            Chain.Advance(_sha256, head, hash);
            if (entry != RecordingIndexEntry.Of(offset, chunk, hash))
            {
                return $"chunk {i + 1}: the index does not agree with it";
            }

            offset += chunk.Length;
        }

        return offset != _reader.Footer.IndexOffset ? "there are bytes between the chunks and the index"
            : new ChunkHash(head) != _reader.Footer.ChainHead ? "the chunks do not chain to the footer's head"
            : null;
    }

    private static string? CheckDescriptor(RecordingReader reader)
    {
        var agrees = Text(reader, "take") == reader.Info.TakeId.ToString("D")
            && Text(reader, "call") == reader.Info.CallId.ToString("D")
            && Text(reader, "chainHead") == reader.Footer.ChainHead.ToString()
            && reader.Descriptor["chunks"] is JsonValue chunks
            && chunks.TryGetValue<ulong>(out var count)
            && count == reader.Footer.Chunks;
        return agrees ? null : "the descriptor does not agree with the file";
    }

    private string? CheckContent()
    {
        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        _sha256.Hash([.. _reader.DescriptorJson.Span, .. _reader.ReadMetadata()], hash);
        return new ChunkHash(hash) == _reader.Footer.ContentHash
            ? null
            : "descriptor or metadata was altered";
    }

    private static string Text(RecordingReader reader, string member) =>
        reader.Descriptor[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
