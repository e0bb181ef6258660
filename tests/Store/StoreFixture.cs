using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Tests;

/// <summary>A folder with a key store; everything in it is gone after the test.</summary>
internal sealed class StoreFixture : IDisposable
{
    private static readonly byte[] RootBytes = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly bool _owner;

    internal StoreFixture(string? path = null)
    {
        _owner = path is null;
        Path = path ?? Directory.CreateTempSubdirectory("talreg-store-").FullName;
        Root = new RootKey(RootBytes);
        Keys = FileKeyStore.Open(Path, Root);
    }

    internal string Path { get; }

    internal RootKey Root { get; }

    internal FileKeyStore Keys { get; private set; }

    internal string JournalFolder => System.IO.Path.Combine(Path, "journal");

    internal JournalOptions Options(long segmentBytes = 1024 * 1024) => new()
    {
        Volumes = [Path], SegmentBytes = segmentBytes, CommitInterval = TimeSpan.FromMilliseconds(5),
    };

    internal ValueTask<TakeJournal> OpenAsync(long segmentBytes = 1024 * 1024) =>
        TakeJournal.OpenAsync(
            Options(segmentBytes), Keys, TimeProvider.System, TestContext.Current.CancellationToken);

    /// <summary>Recovers as a start does, and closes the segments again.</summary>
    /// <param name="read">Given the segments that were read; one that was released is not.</param>
    internal RecoveryReport Recover(List<JournalSegment>? read = null)
    {
        var old = OldSegment.Open([new JournalVolume(Path, Options(), NativeDisk.Instance, TimeProvider.System)], Keys);
        var report = JournalRecovery.Recover(
            old, complete: true, Keys, Path, static (_, _) => { }, TestContext.Current.CancellationToken);
        read?.AddRange(old.Select(static segment => segment.Segment).OfType<JournalSegment>());
        old.ForEach(static segment => segment.Dispose());
        return report;
    }

    internal static TakeIdentity Identity(int number = 1) => new()
    {
        CallId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, (byte)number),
        TakeId = Guid.CreateVersion7(DateTimeOffset.FromUnixTimeSeconds(1_790_000_000 + number)),
        Tenant = "default",
        Site = "site-a",
        Epoch = 7,
    };

    internal static byte[] Facts(TakeIdentity identity) => CanonicalJson.Write(new JsonObject
    {
        ["site"] = identity.Site, ["epoch"] = identity.Epoch, ["startMonotonicNs"] = "1000000000",
    });

    internal static ChunkFacts Chunk(uint slot = 0, ushort stream = 0) => new()
    {
        Stream = stream,
        Slot = slot,
        Packets = 1,
        FirstArrivalNs = 1_000_000_000L + slot,
        LastArrivalNs = 1_000_000_001L + slot,
        RealTimeOffsetNs = 5,
        ClockQuality = ClockQuality.Synchronised,
        MaxClockErrorUs = 12,
    };

    /// <summary>Plain text that tells its number: one source, one packet.</summary>
    internal static byte[] Text(int number, int size = 160)
    {
        var text = new byte[FrameWriter.SourceFrameSize(4) + FrameWriter.FrameSize(size)];
        var length = FrameWriter.WriteSource(text, 0, [127, 0, 0, 1], 4000, 1);
        var packet = new byte[size];
        BitConverter.TryWriteBytes(packet, number);
        FrameWriter.WriteFrame(text.AsSpan(length), FrameFlags.None, 0, number, packet);
        return text;
    }

    internal static SealRequest Request(JournalTake take, ClosedTake closed) => new()
    {
        Take = take,
        Closed = closed,
        Descriptor = new JsonObject { ["gateway"] = "gw-1", ["interface"] = "main", ["startMonotonicNs"] = "1" },
        Metadata = new JsonObject { ["participants"] = new JsonArray("sip:a@example.org") },
    };

    internal void ReopenKeys()
    {
        Keys.Dispose();
        Keys = FileKeyStore.Open(Path, Root);
    }

    public void Dispose()
    {
        Keys.Dispose();
        Root.Dispose();
        if (_owner)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
