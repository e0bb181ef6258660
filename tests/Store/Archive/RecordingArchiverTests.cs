using System.Runtime.Versioning;
using Talreg.Store.Archive;
using Talreg.Store.Recordings;

namespace Talreg.Store.Tests.Archive;

/// <summary>A recording is marked as archived only when the archive was read again and has its bytes.</summary>
[SupportedOSPlatform("linux")]
public sealed class RecordingArchiverTests : IDisposable
{
    private readonly StoreFixture _store = new();
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingStore _recordings;

    public RecordingArchiverTests() => _recordings = new RecordingStore(_store.Path, _store.Keys);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Archive_puts_the_recording_under_its_own_name_verifies_and_marks_it_once()
    {
        var info = await SealAsync();
        var archiver = New(new PosixArchive(_folder.Path));

        Assert.True(await archiver.ArchiveAsync(info.Tenant, info.TakeId, Token));
        var copy = _recordings.FindArchived(info.Tenant, info.TakeId)!;
        var key = Path.GetRelativePath(Path.Combine(_store.Path, "recordings"), info.Path);
        Assert.Equal((info.Bytes, key), (copy.Bytes, copy.Key));
        Assert.Equal(
            await File.ReadAllBytesAsync(info.Path, Token),
            await File.ReadAllBytesAsync(Path.Combine(_folder.Path, copy.Key), Token));
        await archiver.VerifyAsync(copy, Token);
        Assert.False(await archiver.ArchiveAsync(info.Tenant, info.TakeId, Token));
        Assert.Single(_recordings.List());
    }

    [Theory]
    [InlineData("before put")]
    [InlineData("after put")]
    [InlineData("before read")]
    [InlineData("in the read")]
    [InlineData("other bytes")]
    public async Task Archive_that_ends_at_any_step_marks_nothing_and_is_done_whole_the_next_time(string step)
    {
        var info = await SealAsync();
        var archive = new PosixArchive(_folder.Path);
        await Assert.ThrowsAsync<ArchiveException>(() =>
            New(new BrokenArchive(archive, step)).ArchiveAsync(info.Tenant, info.TakeId, Token));
        Assert.Null(_recordings.FindArchived(info.Tenant, info.TakeId));

        Assert.True(await New(archive).ArchiveAsync(info.Tenant, info.TakeId, Token));
        await New(archive).VerifyAsync(_recordings.FindArchived(info.Tenant, info.TakeId)!, Token);
    }

    [Fact]
    public async Task Archive_of_a_recording_that_rotted_puts_nothing()
    {
        var info = await SealAsync();
        var bytes = await File.ReadAllBytesAsync(info.Path, Token);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(info.Path, bytes, Token);
        var refused = await Assert.ThrowsAsync<StoreException>(() =>
            New(new PosixArchive(_folder.Path)).ArchiveAsync(info.Tenant, info.TakeId, Token));
        Assert.True(refused.IsDamaged, refused.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Verify_finds_a_copy_that_rotted_in_the_archive()
    {
        var info = await SealAsync();
        var archiver = New(new PosixArchive(_folder.Path));
        await archiver.ArchiveAsync(info.Tenant, info.TakeId, Token);
        var copy = _recordings.FindArchived(info.Tenant, info.TakeId)!;
        var path = Path.Combine(_folder.Path, copy.Key);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[^1] ^= 1;
        File.Delete(path);
        await File.WriteAllBytesAsync(path, bytes, Token);
        var refused = await Assert.ThrowsAsync<ArchiveException>(() => archiver.VerifyAsync(copy, Token));
        Assert.True(refused.IsDamaged, refused.Message);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private RecordingArchiver New(IArchive archive) => new(_recordings, archive, TimeProvider.System);

    private async Task<RecordingInfo> SealAsync()
    {
        await using var journal = await _store.OpenAsync();
        using var producer = journal.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = journal.OpenTake(identity, StoreFixture.Facts(identity));
        Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(1)));
        producer.Flush();
        return await _recordings.SealAsync(
            StoreFixture.Request(take, await journal.CloseTakeAsync(take, 1, Token)), Token);
    }

    /// <summary>An archive that ends at one step, as if the process had.</summary>
    private sealed class BrokenArchive(IArchive inner, string step) : IArchive
    {
        public string Name => inner.Name;

        public async Task<ArchivedCopy> PutAsync(ArchiveItem item, Stream content, CancellationToken cancellationToken)
        {
            FailAt("before put");
            var copy = await inner.PutAsync(item, content, cancellationToken);
            FailAt("after put");
            return copy;
        }

        public async Task<Stream> OpenAsync(ArchivedCopy copy, CancellationToken cancellationToken)
        {
            FailAt("before read");
            return step switch
            {
                "other bytes" => new MemoryStream([1, 2, 3]),
                "in the read" => new LostMount(),
                _ => await inner.OpenAsync(copy, cancellationToken),
            };
        }

        private void FailAt(string place)
        {
            if (place == step)
            {
                throw new ArchiveException($"ended {place}");
            }
        }
    }

    /// <summary>A file whose mount goes away while it is read.</summary>
    private sealed class LostMount : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Stale file handle");
    }
}
