using Talreg.Store.IO;
using Talreg.Store.Journal;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>A disk fills up: alarm, refusal, live takes go on from the reserve, and all is well again with space.</summary>
public sealed class SpaceTests
{
    private const string FolderVariable = "TALREG_TESTS_SPACE_FOLDER";
    private const long SegmentBytes = 4 * 1024 * 1024;
    private const int ChunkBytes = 16_000;
    private const string DiskBytes = "100m";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(100, 100, SpaceLevel.Normal)]
    [InlineData(21, 100, SpaceLevel.Normal)]
    [InlineData(20, 100, SpaceLevel.Alarm)]
    [InlineData(6, 100, SpaceLevel.Alarm)]
    [InlineData(5, 100, SpaceLevel.Refuse)]
    [InlineData(0, 100, SpaceLevel.Refuse)]
    [InlineData(-1, -1, SpaceLevel.Normal)]
    public void LevelOf_aFileSystem_followsItsOptions(long free, long total, SpaceLevel expected) =>
        Assert.Equal(expected, VolumeSpace.LevelOf(free, total, new JournalOptions { Volumes = ["/"] }));

    [Fact]
    public void Reserve_withItsFirstFileUsed_makesThatOneAgain()
    {
        using var folder = new TemporaryFolder();
        var options = new JournalOptions { Volumes = [folder.Path], SegmentBytes = 64 * 1024, ReserveSegments = 2 };
        var journal = Path.Combine(folder.Path, "journal");
        using (var volume = new JournalVolume(folder.Path, options, NativeDisk.Instance, TimeProvider.System))
        {
            volume.Open();
            volume.Reserve();
        }

        var spares = Directory.GetFiles(journal, "*.spare");
        Assert.Equal(2, spares.Length);
        File.Delete(spares.Order(StringComparer.Ordinal).First());
        using var again = new JournalVolume(folder.Path, options, NativeDisk.Instance, TimeProvider.System);
        again.Open();
        again.Reserve();
        Assert.Equal(spares.Order(), Directory.GetFiles(journal, "*.spare").Order());
    }

    [Fact]
    public async Task FullDisk_alarmsRefusesKeepsLiveTakesAndResumes()
    {
        using var folder = new TemporaryFolder();
        await ChildTest.RunMountedAsync(
            typeof(SpaceTests),
            nameof(Child_fillsItsDisk),
            new Dictionary<string, string>(StringComparer.Ordinal) { [FolderVariable] = folder.Path },
            $"mount -t tmpfs -o size={DiskBytes} tmpfs '{folder.Path}'",
            userMay: true,
            Token);
    }

    /// <summary>Not a test: what the process with a small disk runs.</summary>
    [Fact(Explicit = true)]
    public async Task Child_fillsItsDisk()
    {
        var path = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(path is null, "only as a child of the test beside it");
        using var store = new StoreFixture(path);
        // The small disk must hold what the memory held when it was full.
        var options = store.Options(SegmentBytes) with { ReserveSegments = 2, ProducerBytes = 16 * 1024 * 1024 };
        await using var journal = await TakeJournal.OpenAsync(options, store.Keys, TimeProvider.System, Token);
        using var producer = journal.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = journal.OpenTake(identity, StoreFixture.Facts(identity));
        var filler = Path.Combine(path, "filler");
        await LevelAsync(journal, SpaceLevel.Normal);

        await using (var file = new FileStream(filler, FileMode.CreateNew))
        {
            file.SetLength(0);
            await GrowUntilAsync(file, journal, SpaceLevel.Alarm);
            await RecordAsync(producer, take, 100);
            await GrowUntilAsync(file, journal, SpaceLevel.Refuse);
            FillUp(file);
        }

        // Not a byte is left but the reserve, and what a live take brings is still stored, over more than a segment.
        await RecordAsync(producer, take, (int)(SegmentBytes * 3 / 2 / ChunkBytes));
        Assert.False(journal.IsFenced);

        // The reserve ends too: what was accepted waits in memory, and is stored when there is space again.
        var accepted = take.Appended;
        while (producer.TryAppendChunk(take, StoreFixture.Chunk(), new byte[ChunkBytes]))
        {
            accepted++;
        }

        producer.Flush();
        Assert.False(journal.IsFenced);
        Assert.True(take.CommittedChunks < (ulong)accepted);
        File.Delete(filler);
        await Wait.UntilAsync(
            () => take.CommittedChunks == (ulong)accepted, "what was accepted", TimeSpan.FromSeconds(30), Token);
        await journal.CloseTakeAsync(take, 1, Token);
        await LevelAsync(journal, SpaceLevel.Normal);
    }

    private static Task LevelAsync(TakeJournal journal, SpaceLevel level) =>
        Wait.UntilAsync(() => journal.Level == level, $"level {level}", cancellationToken: Token);

    private static async Task GrowUntilAsync(FileStream file, TakeJournal journal, SpaceLevel level)
    {
        var block = new byte[256 * 1024];
        while (journal.Health.Level < level)
        {
            await file.WriteAsync(block, Token);
            await file.FlushAsync(Token);

            // The level is looked at anew only four times a second.
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(30));
            await timer.WaitForNextTickAsync(Token);
        }

        Assert.Equal(level, journal.Health.Level);
    }

    private static void FillUp(FileStream file)
    {
        var block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException e)
        {
            Assert.Contains("space", e.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    // Every chunk is accepted and confirmed: no loss of the recorder's own.
    private static async Task RecordAsync(JournalProducer producer, JournalTake take, int chunks)
    {
        var text = new byte[ChunkBytes];
        for (var i = 0; i < chunks; i++)
        {
            Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), text), $"chunk {i} was refused");
        }

        producer.Flush();
        var all = (ulong)take.Appended;
        await Wait.UntilAsync(
            () => take.CommittedChunks == all, $"{all} committed chunks", TimeSpan.FromSeconds(30), Token);
    }
}
