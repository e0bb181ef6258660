using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;

namespace Talreg.Capture.Journal;

/// <summary>A journal volume as capture sees it.</summary>
internal sealed class VolumeJournal(JournalVolume volume) : ICaptureJournal
{
    public IChunkProducer CreateProducer() => new Producer(volume.CreateProducer());

    public ITakeLog OpenTake(TakeIdentity identity, ReadOnlySpan<byte> factsJson) =>
        new TakeLog(volume, volume.OpenTake(identity, factsJson));

    private sealed class TakeLog(JournalVolume volume, JournalTake take) : ITakeLog
    {
        public long StartMonotonicNs => take.StartMonotonicNs;

        public ulong CommittedChunks => take.CommittedChunks;

        public JournalTake Volume => take;

        public ValueTask<ClosedTake> CloseAsync(byte reason, CancellationToken cancellationToken) =>
            volume.CloseTakeAsync(take, reason, cancellationToken);
    }

    private sealed class Producer(JournalProducer producer) : IChunkProducer
    {
        public bool TryAppend(ITakeLog take, in ChunkFacts facts, ReadOnlySpan<byte> plainText) =>
            producer.TryAppendChunk(take.Volume!, facts, plainText);

        public double Use => producer.Use;

        public void Flush() => producer.Flush();

        public void Dispose() => producer.Dispose();
    }
}
