using System.Security.Cryptography;
using Talreg.Store.Archive;

namespace Talreg.Store.Tests.Archive;

/// <summary>What every archive does, whatever it is made of.</summary>
public abstract class ArchiveConformance
{
    private const string Key = "bank-1/2026/11/24/0196b1a0-0000-7000-8000-000000000001.trec";

    /// <summary>Cancels with the test.</summary>
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The archive, empty at first; again the same place, as a new process sees it.</summary>
    protected abstract IArchive Open();

    [Fact]
    public async Task Put_can_be_read_again_by_another_process()
    {
        var (item, bytes) = Item(1_000_000);
        var copy = await PutAsync(Open(), item, bytes);
        Assert.Equal(new ArchivedCopy(Open().Name, Key, bytes.Length, item.Sha256), copy);
        Assert.Equal(bytes, await ReadAsync(Open(), copy));
    }

    [Fact]
    public async Task Put_of_what_is_there_gives_it_back_and_of_other_bytes_is_refused_and_keeps_it()
    {
        var (item, bytes) = Item(5000);
        var copy = await PutAsync(Open(), item, bytes);
        Assert.Equal(copy, await PutAsync(Open(), item, bytes));
        var (other, otherBytes) = Item(5000);
        var refused = await Assert.ThrowsAsync<ArchiveException>(() => PutAsync(Open(), other, otherBytes));
        Assert.True(refused.IsDamaged, refused.Message);
        Assert.Equal(bytes, await ReadAsync(Open(), copy));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Put_of_content_that_is_not_as_long_as_said_leaves_nothing(int more)
    {
        var (item, bytes) = Item(5000);
        await Assert.ThrowsAsync<ArchiveException>(() => PutAsync(Open(), item, new byte[bytes.Length + more]));
        await Assert.ThrowsAsync<ArchiveException>(() => ReadAsync(Open(), Copy(item)));
        Assert.Equal(bytes, await ReadAsync(Open(), await PutAsync(Open(), item, bytes)));
    }

    [Fact]
    public async Task Put_that_is_cancelled_leaves_nothing()
    {
        var (item, bytes) = Item(5000);
        using var cancelled = new CancellationTokenSource();
        using var content = new CancellingStream(bytes, cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Open().PutAsync(item, content, cancelled.Token));
        await Assert.ThrowsAsync<ArchiveException>(() => ReadAsync(Open(), Copy(item)));
    }

    [Fact]
    public async Task Open_of_what_was_never_put_is_refused() =>
        await Assert.ThrowsAsync<ArchiveException>(() => ReadAsync(Open(), Copy(Item(10).Item)));

    /// <summary>Puts bytes.</summary>
    protected static async Task<ArchivedCopy> PutAsync(IArchive archive, ArchiveItem item, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        return await archive.PutAsync(item, content, Token);
    }

    /// <summary>A recording of random bytes, under the same name each time.</summary>
    protected static (ArchiveItem Item, byte[] Bytes) Item(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        return (new ArchiveItem(Key, length, Convert.ToHexStringLower(SHA256.HashData(bytes))), bytes);
    }

    private static async Task<byte[]> ReadAsync(IArchive archive, ArchivedCopy copy)
    {
        await using var stream = await archive.OpenAsync(copy, Token);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }

    private ArchivedCopy Copy(ArchiveItem item) => new(Open().Name, item.Key, item.Bytes, item.Sha256);

    /// <summary>Cancels once its first half was read.</summary>
    private sealed class CancellingStream(byte[] bytes, CancellationTokenSource source) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position > 0)
            {
                await source.CancelAsync();
            }

            return await base.ReadAsync(buffer[..Math.Min(buffer.Length, (int)Length / 2)], cancellationToken);
        }
    }
}
