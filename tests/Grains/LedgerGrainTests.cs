using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Ledger;
using Talreg.Grains.Ledger;
using Talreg.TestKit;

namespace Talreg.Grains.Tests;

public sealed class LedgerGrainTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("talreg-grain-").FullName;
    private InProcessTestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddMemoryGrainStorage("talreg");
            silo.Services.AddSingleton(TimeProvider.System);
            silo.Services.AddSingleton(new LedgerOptions { Directory = _directory });
            silo.Services.AddSingleton<ILogKeySource, FixedKeys>();
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Append_1000_at_once_gives_contiguous_provable_leaves()
    {
        var ledger = Ledger("default");
        var receipts = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => ledger.AppendAsync(Event(i))));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), receipts.Select(r => r.Leaf).Order());
        Assert.All(receipts, receipt => Assert.True(receipt.CheckpointSize > receipt.Leaf));
        Assert.True(VerifierKey.TryParse(await ledger.GetVerifierKeyAsync(), out var key, out var reason), reason);
        Assert.Equal("talreg-0badcafe.default", key.Name);
        for (var leaf = 0; leaf < 1000; leaf += 37)
        {
            await AssertProvedAsync(ledger, key, leaf);
        }

        await AssertProvedAsync(ledger, key, 999);
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => ledger.ProveAsync(1000));
        Assert.Equal(RefusalKind.NotFound, refusal.Kind);
    }

    [Fact]
    public async Task Append_same_key_gives_the_first_receipt_also_after_reactivation()
    {
        var ledger = Ledger("twice");
        var both = await Task.WhenAll(ledger.AppendAsync(Event(1)), ledger.AppendAsync(Event(1)));
        Assert.Equal(both[0], both[1]);
        var checkpoint = await ledger.GetCheckpointAsync();
        await DeactivateAsync();
        Assert.Equal(both[0], await ledger.AppendAsync(Event(1)));
        Assert.Equal(checkpoint, await ledger.GetCheckpointAsync());
        Assert.Equal(1, (await ledger.AppendAsync(Event(2))).Leaf);
    }

    [Fact]
    public async Task Reactivation_cuts_what_was_never_acknowledged_and_checkpoints_stay_consistent()
    {
        var ledger = Ledger("crash");
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => ledger.AppendAsync(Event(i))));
        var first = await CheckpointAsync(ledger);
        await DeactivateAsync();
        var directory = Path.Combine(_directory, "crash");
        await Wait.UntilAsync(() => IsFree(directory), "the old activation to let go of the log");
        using (var files = LogFiles.Open(directory, new LogHead(first.Size, first.Root)))
        {
            var opening = LedgerOpening.Create("{}"u8.ToArray());
            var entry = new LedgerEntry(LedgerEntryType.Gap, 300, 0, opening.Commitment());
            files.Append([new LogItem(entry, opening, new byte[32])]);
        }

        Assert.Equal(300, (await ledger.AppendAsync(Event(300))).Leaf);
        var second = await CheckpointAsync(ledger);
        Assert.Equal(301, second.Size);
        await DeactivateAsync();
        await Wait.UntilAsync(() => IsFree(directory), "the old activation to let go of the log");
        using var log = LogFiles.Open(directory, new LogHead(second.Size, second.Root));
        var path = log.ConsistencyProof(first.Size, second.Size);
        Assert.True(MerkleProof.VerifyConsistency(
            first.Size, second.Size, first.Root.Span, second.Root.Span, path));
    }

    [Fact]
    public async Task Append_on_a_log_without_its_head_is_refused()
    {
        var directory = Path.Combine(_directory, "orphan");
        using (var files = LogFiles.Open(directory, null))
        {
            var opening = LedgerOpening.Create("{}"u8.ToArray());
            var entry = new LedgerEntry(LedgerEntryType.Gap, 0, 0, opening.Commitment());
            files.Append([new LogItem(entry, opening, new byte[32])]);
        }

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => Ledger("orphan").AppendAsync(Event(1)));
        Assert.Equal(RefusalKind.Unavailable, refusal.Kind);
    }

    [Fact]
    public async Task SignManifest_signs_manifests_and_nothing_else()
    {
        var ledger = Ledger("default");
        Assert.True(VerifierKey.TryParse(await ledger.GetVerifierKeyAsync(), out var key, out _));
        Assert.True(SignedNote.TryParse(await ledger.SignManifestAsync("talreg bundle 1\nx\n"), out var note, out _));
        Assert.True(note.IsSignedBy(key));
        var forged = new Checkpoint(key.Name, 5, new byte[32]).ToText();
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => ledger.SignManifestAsync(forged));
        Assert.Equal(RefusalKind.Invalid, refusal.Kind);
    }

    private static LedgerEvent Event(int number) => new(
        LedgerEventKind.Gap, $"key-{number}", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes($"{{\"n\":{number}}}"));

    private static bool IsFree(string directory)
    {
        try
        {
            using var file = new FileStream(
                Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task AssertProvedAsync(ILedgerGrain ledger, VerifierKey key, long leaf)
    {
        var proof = await ledger.ProveAsync(leaf);
        Assert.True(Checkpoint.TryVerify(proof.Checkpoint, key, out var checkpoint, out var reason), reason);
        Assert.Equal(proof.TreeSize, checkpoint.Size);
        Assert.True(MerkleProof.VerifyInclusion(
            MerkleTree.HashLeaf(proof.Entry), leaf, checkpoint.Size, proof.Path, checkpoint.Root.Span));
        Assert.Equal(proof.Entry[26..], new LedgerOpening(proof.Salt, proof.Body).Commitment());
    }

    private static async Task<Checkpoint> CheckpointAsync(ILedgerGrain ledger)
    {
        Assert.True(VerifierKey.TryParse(await ledger.GetVerifierKeyAsync(), out var key, out _));
        Assert.True(Checkpoint.TryVerify(await ledger.GetCheckpointAsync(), key, out var read, out var reason), reason);
        return read;
    }

    private ILedgerGrain Ledger(string tenant) => _cluster.Client.GetGrain<ILedgerGrain>(tenant);

    private async Task DeactivateAsync() =>
        await _cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    private sealed class FixedKeys : ILogKeySource
    {
        private readonly ConcurrentDictionary<string, byte[]> _seeds = new(StringComparer.Ordinal);

        public Task<LogKey> GetOrCreateAsync(string tenant, CancellationToken cancellationToken)
        {
            var seed = _seeds.GetOrAdd(tenant, name => [.. Encoding.ASCII.GetBytes(name.PadRight(32))]);
            return Task.FromResult(new LogKey([.. seed], "0badcafe"));
        }
    }
}
