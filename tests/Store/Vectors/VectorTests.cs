using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Tests.Vectors;

/// <summary>The frozen samples of version 1 open forever, and today's writer still makes the same bytes.</summary>
public sealed class VectorTests
{
    // Computed from the file and FORMAT.md §3 by other means than this code.
    private const string ChainHead = "47339eec70b752c83a1cd49d701d83a08691fa8fc668563c7eb1b97d958fc5cc";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => ["chunk.bin", "recording.trec", "journal.tj", "keys.json"];

    /// <summary>Not a test: <c>-explicit only</c> writes samples that are missing. It never replaces one.</summary>
    [Fact(Explicit = true)]
    public void Samples_thatAreMissing_areWritten()
    {
        foreach (var row in Names)
        {
            var path = Path.Combine(VectorFolder.V1, row.Data);
            if (!File.Exists(path))
            {
                File.WriteAllBytes(path, Make(row.Data));
            }

            Assert.Equal(Make(row.Data), File.ReadAllBytes(path));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Writer_withFixedKeysAndTimes_makesTheFrozenBytes(string name) =>
        Assert.Equal(VectorFolder.Read(name), Make(name));

    [Fact]
    public void Chunk_frozen_opensWithItsTakeKey()
    {
        var text = new byte[ChunkHeader.MaxPlainText];
        var chunk = VectorFolder.Read("chunk.bin");
        Assert.True(ChunkOpener.TryOpen(Key("take"), chunk, text, out var length, out _));
        Assert.True(ChunkHeader.TryRead(chunk, out var header, out _));
        Assert.Equal(VectorBytes.Take.TakeId, header.TakeId);
        Assert.Equal("bank-1", header.Tenant);
        Assert.Equal("north", header.Site);
        Assert.Equal(1UL, header.Index);
        Assert.Equal(VectorTake.Chunks().First().Facts, header.Facts);
        var frames = new FrameReader(text.AsSpan(0, length));
        Assert.True(frames.MoveNext());
        Assert.Equal("192.0.2.10:40000", frames.Current.ToEndPoint().ToString());
        Assert.Equal(VectorTake.Rtp(0, 0), frames.Current.Packet);
    }

    [Fact]
    public void Recording_frozen_verifiesAndGivesEveryPacketBack()
    {
        using var reader = RecordingReader.Open(Path.Combine(VectorFolder.V1, "recording.trec"));
        Assert.Null(reader.Verify(Token));
        Assert.Equal(4UL, reader.Info.Chunks);
        Assert.Equal(ChainHead, reader.Info.ChainHead.ToString());
        Assert.Equal(VectorBytes.Take.CallId, reader.Info.CallId);
        Assert.Equal("bank-1", reader.Info.Tenant);
        Assert.Equal("bye", reader.Descriptor["endReason"]!.GetValue<string>());
        Assert.Equal("1000000000000", reader.Descriptor["startMonotonicNs"]!.GetValue<string>());
        Assert.Equal("callee", reader.Descriptor["streams"]![1]!["label"]!.GetValue<string>());

        var packets = Packets(reader.OpenChunks(Key("take")));
        Assert.Equal(Expected(), packets);
        Assert.True(reader.TryReadMetadata(Key("take"), out var metadata, out _));
        Assert.Equal("sip:bob@example.org", metadata["participants"]![1]!.GetValue<string>());
    }

    [Fact]
    public async Task Journal_frozen_recoversTheWholeTake()
    {
        using var folder = new TemporaryFolder();
        using var root = new RootKey(Key("root"));
        using var keys = FileKeyStore.Open(folder.Path, root);
        await keys.PutAsync(KeyKind.Segment, VectorBytes.SegmentId, "", Key("segment"), Token);
        var journal = Directory.CreateDirectory(Path.Combine(folder.Path, "journal"));
        var path = Path.Combine(journal.FullName, "0000000000000001.tj");
        await File.WriteAllBytesAsync(path, VectorFolder.Read("journal.tj"), Token);

        var volume = new JournalVolume(
            folder.Path, new JournalOptions { Volumes = [folder.Path] }, NativeDisk.Instance, TimeProvider.System);
        using var segment = Assert.Single(OldSegment.Open([volume], keys));
        var report = JournalRecovery.Recover([segment], complete: true, keys, folder.Path, static (_, _) => { }, Token);
        Assert.Empty(report.Quarantined);
        Assert.Equal(0, report.TornBytes);
        var found = Assert.Single(report.Takes);
        Assert.Null(found.Damage);
        Assert.Equal(VectorBytes.Take, found.Take.Identity);
        Assert.Equal(4UL, found.Chunks);
        Assert.Equal(VectorTake.EndReason, found.Closed!.Reason);
        Assert.Equal(VectorTake.EndedAtMs, found.Closed.ClosedAt.ToUnixTimeMilliseconds());
        Assert.Equal(VectorTake.StartNs, found.Take.StartMonotonicNs);
        Assert.True(CanonicalJson.TryParseCanonical(Assert.Single(found.Events).Span, out var change, out _));
        Assert.Equal("sip:alice@example.org", change!["participants"]![0]!.GetValue<string>());
        Assert.Equal(Expected(), Packets(found.Take.OpenChunks()));
    }

    private static byte[] Make(string name) => name switch
    {
        "chunk.bin" => VectorBytes.Chunk(),
        "recording.trec" => VectorBytes.Recording(),
        "journal.tj" => VectorBytes.Journal(),
        _ => VectorBytes.Keys(),
    };

    private static byte[] Key(string name)
    {
        var keys = JsonNode.Parse(VectorFolder.Read("keys.json"))!;
        return Convert.FromHexString(keys[name]!.GetValue<string>());
    }

    private static string[] Expected() =>
    [
        .. new[] { (0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (0, 3), (1, 2), (1, 3) }
            .Select(static p => Convert.ToHexStringLower(VectorTake.Rtp(p.Item1, p.Item2))),
        Convert.ToHexStringLower(VectorTake.Rtcp(1)),
    ];

    private static List<string> Packets(IEnumerable<OpenedChunk> chunks)
    {
        var packets = new List<string>();
        foreach (var chunk in chunks)
        {
            var frames = new FrameReader(chunk.PlainText.Span);
            while (frames.MoveNext())
            {
                packets.Add(Convert.ToHexStringLower(frames.Current.Packet));
            }

            Assert.Null(frames.Error);
        }

        return packets;
    }
}
