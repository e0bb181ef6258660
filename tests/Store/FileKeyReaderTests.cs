using System.Runtime.Versioning;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Store.Keys;

namespace Talreg.Store.Tests;

/// <summary>A key store read while another process, here another object, writes it.</summary>
[SupportedOSPlatform("linux")]
public sealed class FileKeyReaderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryGet_finds_keys_that_were_put_after_it_was_made()
    {
        using var store = new StoreFixture();
        var reader = new FileKeyReader(store.Path, store.Root);
        Assert.Null(Get(reader, Id(1)));
        for (var i = 1; i <= 5000; i++)
        {
            await store.Keys.PutAsync(KeyKind.Take, Id(i), "a", Key(i), Token);
            if (i % 1000 == 1)
            {
                Assert.Equal(Key(i), Get(reader, Id(i)));
            }
        }

        for (var i = 1; i <= 5000; i++)
        {
            Assert.Equal(Key(i), Get(reader, Id(i)));
        }

        Assert.Equal(5000, reader.List(KeyKind.Take).Count);
    }

    [Fact]
    public async Task TryGet_of_a_key_that_was_destroyed_meanwhile_gives_nothing()
    {
        using var store = new StoreFixture();
        var reader = new FileKeyReader(store.Path, store.Root);
        await store.Keys.PutAsync(KeyKind.Take, Id(1), "a", Key(1), Token);
        Assert.Equal(Key(1), Get(reader, Id(1)));
        await store.Keys.DestroyAsync(KeyKind.Take, Id(1), Token);
        Assert.Null(Get(reader, Id(1)));
        Assert.Equal(KeyState.Destroyed, reader.Find(KeyKind.Take, Id(1)));
        Assert.Equal(KeyState.Unknown, reader.Find(KeyKind.Take, Id(2)));
    }

    [Fact]
    public async Task TryGet_finds_a_take_in_a_slot_that_a_released_segment_left()
    {
        using var store = new StoreFixture();
        var reader = new FileKeyReader(store.Path, store.Root);
        await store.Keys.PutAsync(KeyKind.Segment, Id(1), "", Key(1), Token);
        await store.Keys.PutAsync(KeyKind.Take, Id(2), "a", Key(2), Token);
        Assert.Equal(Key(2), Get(reader, Id(2)));
        await store.Keys.DestroyAsync(KeyKind.Segment, Id(1), Token);
        await store.Keys.PutAsync(KeyKind.Take, Id(3), "a", Key(3), Token);
        Assert.Equal(Key(3), Get(reader, Id(3)));
    }

    [Fact]
    public async Task TryGet_of_other_kinds_gives_nothing_and_of_another_tenant_is_refused()
    {
        using var store = new StoreFixture();
        var reader = new FileKeyReader(store.Path, store.Root);
        await store.Keys.PutAsync(KeyKind.LedgerSigning, Id(1), "a", Key(1), Token);
        await store.Keys.PutAsync(KeyKind.Take, Id(2), "a", Key(2), Token);
        var key = new byte[KeyTree.KeySize];
        Assert.False(reader.TryGet(KeyKind.LedgerSigning, Id(1), "a", key));
        Assert.Throws<StoreException>(() => reader.TryGet(KeyKind.Take, Id(2), "b", key));
        await Assert.ThrowsAsync<StoreException>(
            async () => await reader.PutAsync(KeyKind.Take, Id(3), "a", Key(3), Token));
        await Assert.ThrowsAsync<StoreException>(
            async () => await reader.DestroyAsync(KeyKind.Take, Id(2), Token));
    }

    private static byte[]? Get(FileKeyReader reader, Guid id)
    {
        var key = new byte[KeyTree.KeySize];
        return reader.TryGet(KeyKind.Take, id, "a", key) ? key : null;
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private static byte[] Key(int number) => SHA256.HashData(BitConverter.GetBytes(number));
}
