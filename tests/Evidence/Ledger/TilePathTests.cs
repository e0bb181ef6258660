using Talreg.Evidence.Ledger;
using Talreg.Evidence.Tests.Witness;

namespace Talreg.Evidence.Tests.Ledger;

public sealed class TilePathTests
{
    [Theory]
    [InlineData("0/000", 0, 0, 256)]
    [InlineData("0/x001/x234/067", 0, 1_234_067, 256)]
    [InlineData("63/999", 63, 999, 256)]
    [InlineData("7/x001/000.p/1", 7, 1000, 1)]
    [InlineData("0/x001/x234/067.p/255", 0, 1_234_067, 255)]
    [InlineData("entries/x001/234", null, 1234, 256)]
    [InlineData("entries/000.p/112", null, 0, 112)]
    public void TryParse_reads_what_the_specification_writes(string path, int? level, long number, int width)
    {
        Assert.True(TilePath.TryParse(path, out var tile));
        Assert.Equal(new TileAddress(level, number, width), tile);
        Assert.Equal($"tile/{path}", TilePath.Of(tile));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0/")]
    [InlineData("/000")]
    [InlineData("00/000")]
    [InlineData("64/000")]
    [InlineData("-1/000")]
    [InlineData("+1/000")]
    [InlineData("1e0/000")]
    [InlineData("0/0")]
    [InlineData("0/0000")]
    [InlineData("0/x000/000")]
    [InlineData("0/001/000")]
    [InlineData("0/x001")]
    [InlineData("0/x001/x002")]
    [InlineData("0/X001/002")]
    [InlineData("0/000.p")]
    [InlineData("0/000.p/")]
    [InlineData("0/000.p/0")]
    [InlineData("0/000.p/01")]
    [InlineData("0/000.p/256")]
    [InlineData("0/000.p/1/2")]
    [InlineData("0/000.q/1")]
    [InlineData("entries/../../lock")]
    [InlineData("entries/%2e%2e/000")]
    [InlineData("../openings/000")]
    [InlineData("0/../../keys/000")]
    [InlineData("entries/..")]
    [InlineData("0/x٠٠١/٠٠٠")]
    [InlineData("0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("openings/000")]
    [InlineData("0\\000")]
    public void TryParse_refuses_every_other_spelling(string path) => Assert.False(TilePath.TryParse(path, out _));
}

public sealed class PublishedLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("talreg-published-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void ReadTile_gives_what_was_published_and_nothing_beyond()
    {
        using var signer = LedgerSamples.Signer();
        using var log = LogFiles.Open(_directory, null);
        var published = new PublishedLog(_directory);
        Assert.Null(published.ReadCheckpoint());
        Assert.Null(published.ReadTile(new TileAddress(0, 0, 1)));
        var note = LedgerSamples.Append(log, signer, 600);

        // Written, and covered by no checkpoint: it may still be cut.
        log.Append([Next(log.Head.Size)]);

        Assert.Equal(note, published.ReadCheckpoint());
        Assert.Equal(256 * 32, published.ReadTile(new TileAddress(0, 1, 256))!.Length);
        Assert.Equal(88 * 32, published.ReadTile(new TileAddress(0, 2, 88))!.Length);
        Assert.Equal(88 * 60, published.ReadTile(new TileAddress(null, 2, 88))!.Length);
        Assert.Equal(2 * 32, published.ReadTile(new TileAddress(1, 0, 2))!.Length);
        Assert.Null(published.ReadTile(new TileAddress(0, 2, 89)));
        Assert.Null(published.ReadTile(new TileAddress(0, 2, 256)));
        Assert.Null(published.ReadTile(new TileAddress(null, 2, 89)));
        Assert.Null(published.ReadTile(new TileAddress(null, 3, 1)));
        Assert.Null(published.ReadTile(new TileAddress(1, 0, 3)));
        Assert.Null(published.ReadTile(new TileAddress(2, 0, 1)));
        Assert.Null(published.ReadTile(new TileAddress(63, 0, 1)));
        Assert.Null(published.ReadTile(new TileAddress(0, long.MaxValue / 256, 256)));
    }

    private static LogItem Next(long index)
    {
        var opening = LedgerOpening.Create("{}"u8.ToArray());
        var entry = new LedgerEntry(LedgerEntryType.Gap, index, 0, opening.Commitment());
        return new LogItem(entry, opening, new byte[32]);
    }
}
