using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;

namespace Talreg.Capture.Journal;

/// <summary>The journal as capture sees it.</summary>
internal sealed class VolumeJournal(TakeJournal journal) : ICaptureJournal
{
    public IChunkProducer CreateProducer() => new Producer(journal.CreateProducer());

    public ITakeLog OpenTake(TakeIdentity identity, ReadOnlySpan<byte> factsJson) =>
        new TakeLog(journal, journal.OpenTake(identity, factsJson));

    private sealed class TakeLog(TakeJournal journal, JournalTake take) : ITakeLog
    {
        public long StartMonotonicNs => take.StartMonotonicNs;

        public ulong CommittedChunks => take.CommittedChunks;

        public JournalTake Volume => take;

        public ValueTask<ClosedTake> CloseAsync(byte reason, CancellationToken cancellationToken) =>
            journal.CloseTakeAsync(take, reason, cancellationToken);
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
