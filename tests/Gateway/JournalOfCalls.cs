using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Orleans;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Keys;
using Talreg.Gateway.Sealing;
using Talreg.Gateway.Sessions;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

/// <summary>A folder with keys, a journal and recordings, calls in the journal, and a cluster that only listens.</summary>
internal sealed class JournalOfCalls : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-gateway-").FullName;
    private readonly RootKey _root = new(RandomNumberGenerator.GetBytes(KeyTree.KeySize));
    private readonly List<LedgerEvent> _leaves = [];

    internal JournalOfCalls()
    {
        Keys = FileKeyStore.Open(_folder, _root);
        Recordings = new RecordingStore(_folder, Keys);
        Ledger.AppendAsync(Arg.Any<LedgerEvent>()).Returns(call => Append(call.Arg<LedgerEvent>()));
        Grains.GetGrain<ILedgerGrain>("default").Returns(Ledger);
        Grains.GetGrain<ICallGrain>(Arg.Any<Guid>()).Returns(Call);
    }

    internal IGrainFactory Grains { get; } = Substitute.For<IGrainFactory>();

    internal ILedgerGrain Ledger { get; } = Substitute.For<ILedgerGrain>();

    internal ICallGrain Call { get; } = Substitute.For<ICallGrain>();

    internal FileKeyStore Keys { get; }

    internal RecordingStore Recordings { get; }

    internal TakeJournal Journal { get; private set; } = null!;

    /// <summary>Refuses the leaves for which it is true.</summary>
    internal Func<LedgerEvent, bool> Refuses { get; set; } = static _ => false;

    internal string Folder => _folder;

    internal IReadOnlyList<LedgerEvent> Leaves
    {
        get
        {
            lock (_leaves)
            {
                return [.. _leaves];
            }
        }
    }

    internal IEnumerable<LedgerEvent> Seals => Leaves.Where(leaf => leaf.Kind == LedgerEventKind.Seal);

    /// <summary>Forgets the leaves of other kinds.</summary>
    internal void KeepOnly(LedgerEventKind kind)
    {
        lock (_leaves)
        {
            _leaves.RemoveAll(leaf => leaf.Kind != kind);
        }
    }

    internal async Task OpenAsync(CancellationToken cancellationToken) => Journal = await TakeJournal.OpenAsync(
        new JournalOptions { Volumes = [_folder], SegmentBytes = 4 * 1024 * 1024 },
        Keys,
        TimeProvider.System,
        cancellationToken);

    /// <summary>A process that dies with so many calls live.</summary>
    internal async Task<TakeIdentity[]> RecordAndDieAsync(int calls, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        var takes = Enumerable.Range(0, calls).Select(_ => OpenTake()).ToArray();
        using (var producer = Journal.CreateProducer())
        {
            foreach (var take in takes)
            {
                Assert.True(producer.TryAppendChunk(take, Facts(), Text()));
            }

            producer.Flush();
            await Wait.UntilAsync(
                () => Array.TrueForAll(takes, take => take.CommittedChunks == 1),
                "a committed chunk of each call",
                cancellationToken: cancellationToken);
        }

        await Journal.DisposeAsync();
        return Array.ConvertAll(takes, take => take.Identity);
    }

    internal JournalTake OpenTake()
    {
        var call = new CallId(Guid.CreateVersion7());
        var identity = new TakeIdentity
        {
            CallId = call.Value, TakeId = Guid.CreateVersion7(), Tenant = "default", Site = "site1", Epoch = 1,
        };
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000);
        var facts = new TakeFacts
        {
            Admission = new CallAdmitted(call, "default", "s", ["sip1/100"], at, Sample.Verdict, [], []),
            Gateway = "gw1",
            Interface = "sip1",
            StartedAt = at,
            StartMonotonicNs = 0,
            Streams = [new StreamFormat("1", "PCMU", 0, 8000, null)],
        };
        return Journal.OpenTake(identity, facts.Write(identity));
    }

    internal SealingQueue NewQueue() => new(
        Sample.Options, Journal, Recordings, Grains, TimeProvider.System, NullLogger<SealingQueue>.Instance);

    internal RecoveredTakes NewRecovered(SealingQueue queue) => new(
        Sample.Options,
        Journal,
        queue,
        call => new ClusterReporter(call, TimeProvider.System, NullLogger.Instance, CancellationToken.None),
        Grains,
        TimeProvider.System,
        NullLogger<RecoveredTakes>.Instance);

    internal static ChunkFacts Facts() => new()
    {
        Stream = 0, Slot = 0, Packets = 1, FirstArrivalNs = 1, LastArrivalNs = 2, RealTimeOffsetNs = 0,
    };

    internal static byte[] Text()
    {
        byte[] packet = [0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0xd5];
        var text = new byte[FrameWriter.SourceFrameSize(4) + FrameWriter.FrameSize(packet.Length)];
        var length = FrameWriter.WriteSource(text, 0, [127, 0, 0, 1], 4000, 1);
        FrameWriter.WriteFrame(text.AsSpan(length), FrameFlags.None, 0, 1, packet);
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        Keys.Dispose();
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private LedgerReceipt Append(LedgerEvent leaf)
    {
        if (Refuses(leaf))
        {
            throw new RefusalException(RefusalKind.Unavailable, "the ledger does not answer");
        }

        lock (_leaves)
        {
            _leaves.Add(leaf);
            return new LedgerReceipt(_leaves.Count - 1, _leaves.Count);
        }
    }
}
