using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Recordings;

/// <summary>Checks a recording against itself, without keys (FORMAT.md §3, §5).</summary>
internal static class RecordingCheck
{
    /// <summary>What is wrong, or null.</summary>
    internal static string? Run(RecordingReader reader, CancellationToken cancellationToken)
    {
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
            return CheckChunks(reader, identity, cancellationToken)
                ?? CheckDescriptor(reader)
                ?? CheckContent(reader);
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    private static string? CheckChunks(
        RecordingReader reader, TakeIdentity identity, CancellationToken cancellationToken)
    {
        var buffer = new byte[ChunkHeader.MaxChunk];
        Span<byte> head = stackalloc byte[ChunkHash.Size];
        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        Chain.Start(identity, head);
        long offset = RecordingHeader.Size;
        for (var i = 0; i < reader.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, reader.ReadChunk(i, buffer));
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

            Chain.ChunkHashOf(chunk, hash);
            Chain.Advance(head, hash);
            if (reader.GetEntry(i) != RecordingIndexEntry.Of(offset, chunk, hash) || !reader.IsReservedZero(i))
            {
                return $"chunk {i + 1}: the index does not agree with it";
            }

            offset += chunk.Length;
        }

        return offset != reader.Footer.IndexOffset ? "there are bytes between the chunks and the index"
            : new ChunkHash(head) != reader.Footer.ChainHead ? "the chunks do not chain to the footer's head"
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

    private static string? CheckContent(RecordingReader reader)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(reader.DescriptorJson.Span);
        sha.AppendData(reader.ReadMetadata());
        return new ChunkHash(sha.GetHashAndReset()) == reader.Footer.ContentHash
            ? null
            : "descriptor or metadata was altered";
    }

    private static string Text(RecordingReader reader, string member) =>
        reader.Descriptor[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
