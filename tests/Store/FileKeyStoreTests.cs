using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Keys;
using Talreg.Store.Keys;

namespace Talreg.Store.Tests;

[SupportedOSPlatform("linux")]
public sealed class FileKeyStoreTests
{
    private static readonly Guid Id = new("019b76da-a800-7000-8000-00000000000a");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reopen_givesEveryKeyBack()
    {
        using var store = new StoreFixture();
        var ids = Enumerable.Range(1, 300).Select(static i => new Guid(i, 0, 0, new byte[8])).ToArray();
        await Task.WhenAll(ids.Select((id, i) => store.Keys.PutAsync(KeyKind.Take, id, "a", Key(i), Token).AsTask()));
        store.ReopenKeys();
        for (var i = 0; i < ids.Length; i++)
        {
            Assert.Equal(Key(i), Get(store, ids[i], "a"));
        }

        Assert.Equal(0, store.Keys.DamagedSlots);
        Assert.Equal(300 * 128, new FileInfo(KeyFile(store)).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile(store)));
    }

    [Fact]
    public async Task Put_ofTheSameKeyAgain_changesNothing_andOfAnotherIsRefused()
    {
        using var store = new StoreFixture();
        await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(1), Token);
        await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(1), Token);
        await Assert.ThrowsAsync<StoreException>(
            async () => await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(2), Token));
        Assert.Equal(Key(1), Get(store, Id, "a"));
        Assert.Equal(128, new FileInfo(KeyFile(store)).Length);
    }

    [Fact]
    public async Task Destroy_overwritesTheKeyForGood_andRefusesToPutItAgain()
    {
        using var store = new StoreFixture();
        await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(1), Token);
        var before = await File.ReadAllBytesAsync(KeyFile(store), Token);
        await store.Keys.DestroyAsync(KeyKind.Take, Id, Token);
        for (var round = 0; round < 2; round++)
        {
            Assert.Null(Get(store, Id, "a"));
            Assert.Equal(KeyState.Destroyed, store.Keys.Find(KeyKind.Take, Id));
            var error = await Assert.ThrowsAsync<StoreException>(
                async () => await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(1), Token));
            Assert.Contains("destroyed", error.Message, StringComparison.Ordinal);
            store.ReopenKeys();
        }

        var after = await File.ReadAllBytesAsync(KeyFile(store), Token);
        Assert.Equal(2, after[0]);
        Assert.Equal(before[8..56], after[8..56]);
        Assert.NotEqual(before[56..68], after[56..68]);
        Assert.NotEqual(before[68..100], after[68..100]);
        Assert.NotEqual(before[100..116], after[100..116]);
    }

    [Fact]
    public async Task Destroy_ofAnUnknownKey_isNothing()
    {
        using var store = new StoreFixture();
        await store.Keys.DestroyAsync(KeyKind.Take, Id, Token);
        Assert.Equal(KeyState.Unknown, store.Keys.Find(KeyKind.Take, Id));
    }

    [Fact]
    public async Task Reopen_withADamagedSlot_countsItAndKeepsTheOthers()
    {
        using var store = new StoreFixture();
        var other = new Guid(9, 9, 9, new byte[8]);
        await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(1), Token);
        await store.Keys.PutAsync(KeyKind.Take, other, "a", Key(2), Token);
        var bytes = await File.ReadAllBytesAsync(KeyFile(store), Token);
        for (var at = 0; at < 128; at++)
        {
            bytes[at] ^= 0x10;
            await File.WriteAllBytesAsync(KeyFile(store), bytes, Token);
            bytes[at] ^= 0x10;
            store.ReopenKeys();
            Assert.Equal(1, store.Keys.DamagedSlots);
            Assert.Equal(KeyState.Unknown, store.Keys.Find(KeyKind.Take, Id));
            Assert.Equal(Key(2), Get(store, other, "a"));
        }

        // What is damaged may yet be restored by hand: nothing is written over it.
        await store.Keys.PutAsync(KeyKind.Take, new Guid(8, 8, 8, new byte[8]), "a", Key(3), Token);
        Assert.Equal(3 * 128, new FileInfo(KeyFile(store)).Length);
    }

    [Fact]
    public async Task Segment_onceDestroyedAndForgotten_leavesItsSlotToTheNextKey()
    {
        using var store = new StoreFixture();
        await store.Keys.PutAsync(KeyKind.Segment, Id, "", Key(1), Token);
        store.Keys.Forget(KeyKind.Segment, Id);
        Assert.Equal(KeyState.Live, store.Keys.Find(KeyKind.Segment, Id));
        await store.Keys.DestroyAsync(KeyKind.Segment, Id, Token);
        store.ReopenKeys();
        Assert.Equal(KeyState.Destroyed, store.Keys.Find(KeyKind.Segment, Id));
        store.Keys.Forget(KeyKind.Segment, Id);
        await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(2), Token);
        Assert.Equal(128, new FileInfo(KeyFile(store)).Length);
        Assert.Equal(Key(2), Get(store, Id, "a"));
    }

    [Fact]
    public async Task TryGet_withAnotherRootKeyOrTenant_saysSo()
    {
        using var store = new StoreFixture();
        await store.Keys.PutAsync(KeyKind.Take, Id, "a", Key(1), Token);
        Assert.Throws<StoreException>(() => Get(store, Id, "b"));
        store.Keys.Dispose();
        using var root = new RootKey(Key(77));
        using var keys = FileKeyStore.Open(store.Path, root);
        Assert.Throws<StoreException>(() => keys.TryGet(KeyKind.Take, Id, "a", new byte[32]));
    }

    [Fact]
    public async Task Slot_readFromTheFormatPageAlone_givesTheKey()
    {
        using var store = new StoreFixture();
        await store.Keys.PutAsync(KeyKind.Take, Id, "bank-1", Key(1), Token);
        var slot = await File.ReadAllBytesAsync(KeyFile(store), Token);
        Assert.Equal([1, 1, 0, 0, 0, 0, 0, 0], slot[..8]);
        Assert.Equal(Id.ToByteArray(bigEndian: true), slot[8..24]);
        Assert.Equal("bank-1", Encoding.ASCII.GetString(slot, 24, 32).TrimEnd('\0'));
        var info = "talreg/1/tenant/bank-1\u0001"u8;
        var tenantKey = HMACSHA256.HashData(store.Root.Span, info);
        using var aes = new AesGcm(tenantKey, 16);
        var key = new byte[32];
        aes.Decrypt(
            slot.AsSpan(56, 12), slot.AsSpan(68, 32), slot.AsSpan(100, 16), key, (byte[])[slot[1], .. slot[8..56]]);
        Assert.Equal(Key(1), key);
    }

    private static string KeyFile(StoreFixture store) => Path.Combine(store.Path, "keys", "0.tks");

    private static byte[] Key(int number) => SHA256.HashData(BitConverter.GetBytes(number));

    private static byte[]? Get(StoreFixture store, Guid id, string tenant)
    {
        var key = new byte[KeyTree.KeySize];
        return store.Keys.TryGet(KeyKind.Take, id, tenant, key) ? key : null;
    }
}
