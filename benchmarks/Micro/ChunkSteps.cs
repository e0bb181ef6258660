using System.Security.Cryptography;
using Talreg.Evidence.Chunks;

namespace Talreg.Benchmarks.Micro;

/// <summary>Seals chunks of one stream.</summary>
internal sealed class SealStep(int textBytes, int chunksPerSlot) : IStep
{
    private readonly TakeSealer _sealer = Chunks.NewSealer();
    private readonly byte[] _text = Chunks.Text(textBytes);
    private readonly byte[] _chunk = new byte[ChunkHeader.MaxChunk];
    private int _sealed;

    public void Run() => _sealer.Seal(Chunks.Facts((uint)(_sealed++ / chunksPerSlot)), _text, _chunk);

    public ValueTask DisposeAsync()
    {
        _sealer.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Verifies as a reader without keys does.</summary>
internal sealed class VerifyStep : IStep
{
    private readonly byte[] _chunk = Chunks.One();
    private readonly byte[] _head = new byte[ChunkHash.Size];
    private readonly byte[] _hash = new byte[ChunkHash.Size];

    public void Run()
    {
        Chain.ChunkHashOf(_chunk, _hash);
        Chain.Advance(_head, _hash);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Opens a chunk as playback does.</summary>
internal sealed class OpenStep : IStep
{
    private readonly byte[] _chunk = Chunks.One();
    private readonly byte[] _text = new byte[ChunkHeader.MaxPlainText];

    public void Run()
    {
        if (!ChunkOpener.TryOpen(Chunks.TakeKey, _chunk, _text, out _, out var reason))
        {
            throw new BenchmarkException(reason!);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>What the steps about chunks share.</summary>
internal static class Chunks
{
    internal static byte[] TakeKey { get; } = SHA256.HashData("a take's key"u8);

    internal static TakeIdentity Identity { get; } = new()
    {
        CallId = Guid.CreateVersion7(), TakeId = Guid.CreateVersion7(), Tenant = "bench", Site = "site1", Epoch = 1,
    };

    internal static TakeSealer NewSealer() => new(Identity, TakeKey, Guid.CreateVersion7(), Guid.CreateVersion7());

    internal static ChunkFacts Facts(uint slot) => new()
    {
        Stream = 0,
        Slot = slot,
        Packets = Steps.PacketsPerChunk,
        FirstArrivalNs = 1,
        LastArrivalNs = 2,
        RealTimeOffsetNs = 3,
    };

    internal static byte[] Text(int bytes)
    {
        var text = new byte[bytes];
        for (var i = 0; i < bytes; i++)
        {
            text[i] = (byte)(i * 131);
        }

        return text;
    }

    internal static byte[] One()
    {
        using var sealer = NewSealer();
        var chunk = new byte[ChunkHeader.Size + Steps.ChunkText + ChunkHeader.TagSize];
        sealer.Seal(Facts(0), Text(Steps.ChunkText), chunk);
        return chunk;
    }
}
