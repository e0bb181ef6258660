using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;

namespace Talreg.Capture.Journal;

/// <summary>Where chunks go: a volume, or a test's memory.</summary>
internal interface ICaptureJournal
{
    /// <summary>A way in for one shard's thread.</summary>
    IChunkProducer CreateProducer();

    /// <summary>Opens a take.</summary>
    ITakeLog OpenTake(TakeIdentity identity, ReadOnlySpan<byte> factsJson);
}

/// <summary>One take in the journal.</summary>
internal interface ITakeLog
{
    /// <summary>The take's start, in nanoseconds of CLOCK_MONOTONIC: slots count from it.</summary>
    long StartMonotonicNs { get; }

    /// <summary>Chunks on stable storage.</summary>
    ulong CommittedChunks { get; }

    /// <summary>The volume's take, for who seals it; null in a test.</summary>
    JournalTake? Volume { get; }

    /// <summary>Closes it once every chunk is durable.</summary>
    ValueTask<ClosedTake> CloseAsync(byte reason, CancellationToken cancellationToken);
}

/// <summary>One thread's way into the journal.</summary>
internal interface IChunkProducer : IDisposable
{
    /// <summary>Hands over a chunk's plain text; false when the journal cannot take it now.</summary>
    bool TryAppend(ITakeLog take, in ChunkFacts facts, ReadOnlySpan<byte> plainText);

    /// <summary>How full it is, 0 to 1. Any thread.</summary>
    double Use { get; }

    /// <summary>Makes what was appended visible to the writer.</summary>
    void Flush();
}
