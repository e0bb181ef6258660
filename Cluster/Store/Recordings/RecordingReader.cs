using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;

namespace Talreg.Store.Recordings;

/// <summary>One opened chunk. The text lives until the enumeration goes on.</summary>
/// <param name="Facts">What its header states.</param>
/// <param name="PlainText">Its frames, for a <see cref="FrameReader"/>.</param>
public readonly record struct OpenedChunk(ChunkFacts Facts, ReadOnlyMemory<byte> PlainText);

/// <summary>Reads one recording. Any thread may read; none after it is disposed.</summary>
public sealed class RecordingReader : IDisposable
{
    private readonly NativeFile _file;
    private readonly RecordingFooter _footer;

    private RecordingReader(
        NativeFile file, RecordingFooter footer, RecordingInfo info, JsonObject descriptor, byte[] descriptorBytes)
    {
        _file = file;
        _footer = footer;
        Info = info;
        Descriptor = descriptor;
        DescriptorJson = descriptorBytes;
    }

    /// <summary>What the file states of itself.</summary>
    public RecordingInfo Info { get; }

    /// <summary>The descriptor, parsed.</summary>
    public JsonObject Descriptor { get; }

    /// <summary>The descriptor's bytes.</summary>
    public ReadOnlyMemory<byte> DescriptorJson { get; }

    /// <summary>Number of chunks.</summary>
    public int Count => (int)_footer.Chunks;

    internal RecordingFooter Footer => _footer;

    /// <summary>Opens a file by its footer and descriptor; chunks are not looked at.</summary>
    /// <exception cref="StoreException">It cannot be read, or is not a recording.</exception>
    public static RecordingReader Open(string path)
    {
        var file = NativeFile.OpenExisting(path, writable: false);
        try
        {
            return Open(file);
        }
        catch (StoreException)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads raw bytes, for copies and bundles; gives fewer than asked for at the end only.</summary>
    public int Read(long offset, Span<byte> buffer) => _file.Read(buffer, offset);

    /// <summary>The whole file as a stream of its own; the reader may be disposed meanwhile.</summary>
    public Stream OpenStream() => new FileStream(_file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);

    /// <summary>A line of the index.</summary>
    public RecordingIndexEntry GetEntry(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        Span<byte> bytes = stackalloc byte[RecordingIndexEntry.Size];
        ReadExactly(bytes, _footer.IndexOffset + ((long)index * RecordingIndexEntry.Size));
        return RecordingIndexEntry.Read(bytes);
    }

    /// <summary>Reads one chunk: header, ciphertext and tag.</summary>
    /// <param name="index">0-based.</param>
    /// <param name="buffer">At least <see cref="ChunkHeader.MaxChunk"/> bytes.</param>
    /// <returns>Its length, in bytes.</returns>
    /// <exception cref="StoreException">The index line is impossible.</exception>
    public int ReadChunk(int index, Span<byte> buffer)
    {
        var entry = GetEntry(index);
        ThrowUnlessWithin(index, entry);
        ReadExactly(buffer[..entry.Length], entry.Offset);
        return entry.Length;
    }

    /// <summary>Opens the metadata.</summary>
    public bool TryReadMetadata(
        ReadOnlySpan<byte> takeKey,
        [NotNullWhen(true)] out JsonObject? metadata,
        [NotNullWhen(false)] out string? reason)
    {
        metadata = null;
        if (!SealedJson.TryOpen(takeKey, Info.TakeId, ReadMetadata(), out var json, out reason)
            || !CanonicalJson.TryParseCanonical(json, out var node, out reason))
        {
            return false;
        }

        metadata = node as JsonObject;
        reason = metadata is null ? "metadata is not an object" : null;
        return metadata is not null;
    }

    /// <summary>How many streams the descriptor names.</summary>
    public int Streams => Descriptor["streams"] is JsonArray streams ? streams.Count : 0;

    /// <summary>Opens the chunks in order.</summary>
    /// <param name="keys">The take's; must not be disposed while enumerating.</param>
    /// <exception cref="StoreException">A chunk does not open; the message says which and why.</exception>
    public IEnumerable<OpenedChunk> OpenChunks(OpeningKeys keys)
    {
        var chunk = new byte[ChunkHeader.MaxChunk];
        var text = new byte[ChunkHeader.MaxPlainText];
        for (var i = 0; i < Count; i++)
        {
            var length = ReadChunk(i, chunk);
            if (!ChunkOpener.TryOpen(keys, chunk.AsSpan(0, length), text, out var textLength, out var reason))
            {
                throw new StoreException($"{_file.Path}: chunk {i + 1}: {reason}");
            }

            yield return new OpenedChunk(ChunkHeader.ReadFacts(chunk), text.AsMemory(0, textLength));
        }
    }

    /// <summary>Opens the chunks in order.</summary>
    /// <param name="takeKey">The 32 byte take key; must stay unchanged while enumerating.</param>
    /// <exception cref="StoreException">A chunk does not open; the message says which and why.</exception>
    public IEnumerable<OpenedChunk> OpenChunks(ReadOnlyMemory<byte> takeKey)
    {
        var chunk = new byte[ChunkHeader.MaxChunk];
        var text = new byte[ChunkHeader.MaxPlainText];
        for (var i = 0; i < Count; i++)
        {
            var length = ReadChunk(i, chunk);
            if (!ChunkOpener.TryOpen(takeKey.Span, chunk.AsSpan(0, length), text, out var textLength, out var reason))
            {
                throw new StoreException($"{_file.Path}: chunk {i + 1}: {reason}");
            }

            yield return new OpenedChunk(ChunkHeader.ReadFacts(chunk), text.AsMemory(0, textLength));
        }
    }

    /// <summary>
    /// Checks every byte that can be checked without keys: layout, headers, chain, index, content hash.
    /// </summary>
    /// <returns>Null when all is well, else what is wrong.</returns>
    public string? Verify(CancellationToken cancellationToken = default) =>
        RecordingCheck.Run(this, pace: null, cancellationToken);

    /// <summary>The same, from the device and not from the kernel's cache, at a pace. Blocks.</summary>
    /// <returns>Null when all is well, else what is wrong.</returns>
    public string? Verify(IReadPace pace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pace);
        _file.DropCache();
        try
        {
            return RecordingCheck.Run(this, pace, cancellationToken);
        }
        finally
        {
            // What the check read would push out of the cache what live calls need.
            _file.DropCache();
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Refuses an index line that is impossible.</summary>
    internal void ThrowUnlessWithin(int index, in RecordingIndexEntry entry)
    {
        if (entry.Length is < ChunkHeader.Size + ChunkHeader.TagSize + 1 or > ChunkHeader.MaxChunk
            || entry.Offset < RecordingHeader.Size
            || entry.Offset + entry.Length > _footer.IndexOffset)
        {
            throw new StoreException($"{_file.Path}: chunk {index} lies outside the file's chunks");
        }
    }

    internal SequentialReader Sequential(int window, IReadPace? pace) => new(_file, window, pace);

    internal byte[] ReadMetadata()
    {
        var bytes = new byte[_footer.MetadataLength];
        ReadExactly(bytes, _footer.MetadataOffset);
        return bytes;
    }

    private static RecordingReader Open(NativeFile file)
    {
        var length = file.Length;
        Span<byte> bytes = stackalloc byte[RecordingFooter.Size];
        var got = file.Read(bytes, Math.Max(0, length - RecordingFooter.Size));
        if (!RecordingFooter.TryRead(bytes[..got], length, out var footer, out var reason))
        {
            throw new StoreException($"{file.Path}: {reason}");
        }

        got = file.Read(bytes[..RecordingHeader.Size], 0);
        if (!RecordingHeader.TryRead(bytes[..got], out var header))
        {
            throw new StoreException($"{file.Path}: no recording header");
        }

        if (footer.DescriptorLength > RecordingStore.MaxJson || footer.MetadataLength > RecordingStore.MaxJson)
        {
            throw new StoreException($"{file.Path}: descriptor or metadata is too long");
        }

        var json = new byte[footer.DescriptorLength];
        file.Read(json, footer.DescriptorOffset);
        if (!CanonicalJson.TryParseCanonical(json, out var node, out reason) || node is not JsonObject descriptor)
        {
            throw new StoreException($"{file.Path}: descriptor: {reason ?? "not an object"}");
        }

        var info = new RecordingInfo
        {
            Path = file.Path,
            CallId = header.CallId,
            TakeId = header.TakeId,
            Tenant = descriptor["tenant"] is JsonValue value && value.TryGetValue<string>(out var tenant) ? tenant : "",
            Chunks = footer.Chunks,
            ChainHead = footer.ChainHead,
            ContentHash = footer.ContentHash,
            Bytes = length,
        };
        return new RecordingReader(file, footer, info, descriptor, json);
    }

    private void ReadExactly(Span<byte> buffer, long offset)
    {
        if (_file.Read(buffer, offset) != buffer.Length)
        {
            throw new StoreException($"{_file.Path}: ends too early");
        }
    }
}
