using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Tests.Ledger;

public sealed class LogFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("talreg-ledger-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Append_across_tiles_gives_the_reference_root_and_proofs()
    {
        using var log = LogFiles.Open(_directory, null);
        var range = new CompactRange();
        foreach (var count in new[] { 1, 255, 3, 600, 165, 1024 })
        {
            var batch = Batch(log.Head.Size, count);
            foreach (var item in batch)
            {
                range.Append(MerkleTree.HashLeaf(item.Entry.Encode()));
            }

            var before = log.Head;
            var head = log.Append(batch);
            Assert.Equal(range.Root(), head.Root.ToArray());
            Assert.Equal(range.Size, head.Size);
            var path = log.ConsistencyProof(before.Size, head.Size);
            Assert.True(MerkleProof.VerifyConsistency(
                before.Size, head.Size, before.Root.Span, head.Root.Span, path));
        }

        for (var leaf = 0L; leaf < log.Head.Size; leaf++)
        {
            var entry = log.ReadEntry(leaf);
            var path = log.InclusionProof(leaf, log.Head.Size);
            Assert.True(MerkleProof.VerifyInclusion(
                MerkleTree.HashLeaf(entry), leaf, log.Head.Size, path, log.Head.Root.Span));
            Assert.Equal(entry[26..], log.ReadOpening(leaf).Commitment());
        }

        Assert.Equal(2048 * 32 / 256, new FileInfo(Path.Combine(_directory, "tile/1/000")).Length);
        Assert.Equal(256 * 60, new FileInfo(Path.Combine(_directory, "tile/entries/007")).Length);
    }

    [Theory]
    [InlineData(300, 1)]
    [InlineData(256, 600)]
    [InlineData(511, 1)]
    [InlineData(0, 1024)]
    public void Open_files_beyond_the_head_are_cut_and_append_goes_on(int acknowledged, int beyond)
    {
        LogHead head;
        using (var log = LogFiles.Open(_directory, null))
        {
            head = acknowledged == 0 ? log.Head : log.Append(Batch(0, acknowledged));
            log.Append(Batch(head.Size, beyond));
        }

        using var again = LogFiles.Open(_directory, head);
        Assert.Equal(head.Size, again.Head.Size);
        Assert.Equal(head.Root.ToArray(), again.Head.Root.ToArray());
        Assert.Equal(acknowledged, again.ReadKeys(0, int.MaxValue).Count);
        var next = again.Append(Batch(head.Size, 10));
        Assert.Equal(next.Root.ToArray(), again.Root(acknowledged + 10));
        Assert.Equal("{\"n\":9}", Encoding.UTF8.GetString(again.ReadOpening(acknowledged + 9).Body.Span)[..7]);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 600, 600)]
    [InlineData(255, 2, 2)]
    [InlineData(256, 256, 256)]
    [InlineData(599, 100, 1)]
    [InlineData(600, 100, 0)]
    [InlineData(700, 100, 0)]
    public void ReadKeys_gives_the_leaves_asked_for_across_tiles(int from, int count, int given)
    {
        using var log = LogFiles.Open(_directory, null);
        var batch = Batch(0, 600);
        log.Append(batch);

        var keys = log.ReadKeys(from, count);

        Assert.Equal(Enumerable.Range(from, given).Select(leaf => (long)leaf), keys.Select(key => key.Leaf));
        Assert.All(keys, key => Assert.Equal(batch[(int)key.Leaf].KeyHash.ToArray(), key.KeyHash.ToArray()));
        Assert.All(keys, key => Assert.Equal(600, key.CheckpointSize));
    }

    [Fact]
    public void Open_torn_tail_without_a_head_keeps_the_whole_entries()
    {
        using (var log = LogFiles.Open(_directory, null))
        {
            log.Append(Batch(0, 20));
        }

        var openings = Path.Combine(_directory, "openings/000");
        using (var file = File.OpenWrite(openings))
        {
            file.SetLength(file.Length - 1);
        }

        using var again = LogFiles.Open(_directory, null);
        Assert.Equal(19, again.Head.Size);
        Assert.Equal(20, again.Append(Batch(19, 1)).Size);
    }

    [Theory]
    [InlineData("tile/0/000")]
    [InlineData("tile/entries/000")]
    [InlineData("openings/000")]
    [InlineData("keys/000")]
    public void Open_shorter_than_the_head_is_refused(string file)
    {
        var head = Make(20);
        using (var stream = File.OpenWrite(Path.Combine(_directory, file)))
        {
            stream.SetLength(stream.Length - 1);
        }

        AssertFault(LogFault.ShorterThanHead, head);
    }

    [Fact]
    public void Open_other_bytes_under_the_head_are_refused()
    {
        var head = Make(20);
        AssertFault(LogFault.RootDiffers, head with { Root = MerkleTree.EmptyRoot() });
        Flip("tile/entries/000", 70);
        AssertFault(LogFault.Corrupt, head);
    }

    [Fact]
    public void Open_a_changed_full_tile_is_refused()
    {
        var head = Make(300);
        Flip("tile/1/000", 3);
        AssertFault(LogFault.RootDiffers, head);
    }

    [Fact]
    public void Open_head_older_than_a_published_checkpoint_is_refused()
    {
        var head = Make(20);
        using (var log = LogFiles.Open(_directory, head))
        {
            using var signer = new LogSigner("log", new byte[32]);
            var next = log.Append(Batch(20, 1));
            log.PublishCheckpoint(signer.SignCheckpoint(next.Size, next.Root));
        }

        AssertFault(LogFault.HeadBehindCheckpoint, head);
    }

    [Fact]
    public void Open_head_more_than_a_batch_behind_is_refused()
    {
        var head = Make(20);
        using (var log = LogFiles.Open(_directory, head))
        {
            log.Append(Batch(20, 1024));
            log.Append(Batch(1044, 1024));
        }

        AssertFault(LogFault.LongerThanHead, head);
    }

    [Fact]
    public void Open_twice_is_refused()
    {
        using var log = LogFiles.Open(_directory, null);
        AssertFault(LogFault.InUse, null);
    }

    [Fact]
    public void Append_after_a_device_fault_is_fenced()
    {
        var head = Make(5);
        using var log = LogFiles.Open(_directory, head);
        Directory.Delete(Path.Combine(_directory, "keys"), recursive: true);
        File.WriteAllText(Path.Combine(_directory, "keys"), "in the way");
        Assert.Equal(LogFault.Device, Assert.Throws<LogException>(() => log.Append(Batch(5, 1))).Fault);
        Assert.Equal(LogFault.Fenced, Assert.Throws<LogException>(() => log.Append(Batch(5, 1))).Fault);
        Assert.Equal(5, log.Head.Size);
    }

    [Fact]
    public void Append_wrong_sequence_or_opening_changes_nothing()
    {
        using var log = LogFiles.Open(_directory, null);
        Assert.Throws<ArgumentException>(() => log.Append(Batch(1, 1)));
        var item = Batch(0, 1)[0];
        var foreign = item with { Opening = LedgerOpening.Create("{}"u8.ToArray()) };
        Assert.Throws<ArgumentException>(() => log.Append([foreign]));
        Assert.Equal(1, log.Append([item]).Size);
    }

    [Fact]
    public void TilePath_number_is_written_as_the_specification_does()
    {
        Assert.Equal("000", TilePath.Number(0));
        Assert.Equal("x001/000", TilePath.Number(1000));
        Assert.Equal("x001/x234/067", TilePath.Number(1234067));
    }

    private static List<LogItem> Batch(long from, int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var opening = LedgerOpening.Create(Encoding.UTF8.GetBytes($"{{\"n\":{i}}}"));
        var entry = new LedgerEntry(LedgerEntryType.Gap, from + i, i, opening.Commitment());
        return new LogItem(entry, opening, SHA256.HashData(Encoding.UTF8.GetBytes($"{from + i}")));
    })];

    private LogHead Make(int count)
    {
        using var log = LogFiles.Open(_directory, null);
        return log.Append(Batch(0, count));
    }

    private void Flip(string file, int offset)
    {
        var path = Path.Combine(_directory, file);
        var bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private void AssertFault(LogFault fault, LogHead? head) =>
        Assert.Equal(fault, Assert.Throws<LogException>(() => LogFiles.Open(_directory, head).Dispose()).Fault);
}
