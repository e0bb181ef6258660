using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Talreg.Contracts.Ledger;
using Talreg.Gateway.Archive;
using Talreg.Store.Archive;
using Talreg.Store.Keys;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

/// <summary>Archiving follows the ledger's seals: it misses none, does none twice, and waits for an archive that is away.</summary>
public sealed class ArchiveTests : IDisposable
{
    private const int Calls = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-archive-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Walk_archives_every_seal_once_and_a_restart_goes_on_behind_them()
    {
        await using var calls = await SealedAsync();
        var archive = New(calls);
        await archive.WalkAsync(Token);
        Assert.Equal(new ArchiveCounters(Calls, 0, 0, Calls), archive.Counters);
        Assert.Equal(Calls, Directory.GetFiles(_folder, "*.trec", SearchOption.AllDirectories).Length);
        Assert.Equal(Calls, Directory.GetFiles(calls.Folder, "*.archived", SearchOption.AllDirectories).Length);

        var again = New(calls);
        Assert.Equal(Calls, again.Counters.NextLeaf);
        await again.WalkAsync(Token);
        Assert.Equal(0, again.Counters.Archived);

        // Without the progress everything is looked at again, and nothing is put twice.
        File.Delete(StateFile(calls));
        var anew = New(calls);
        await anew.WalkAsync(Token);
        Assert.Equal(new ArchiveCounters(0, 0, 0, Calls), anew.Counters);
    }

    [Fact]
    public async Task Run_waits_for_an_archive_that_is_away_and_goes_on_when_it_is_back()
    {
        await using var calls = await SealedAsync();
        var inner = new PosixArchive(_folder);
        var away = true;
        var archive = Substitute.For<IArchive>();
        archive.Name.Returns(inner.Name);
        archive.PutAsync(default!, default!, default).ReturnsForAnyArgs(call => Volatile.Read(ref away)
            ? throw new ArchiveException("the mount is gone")
            : inner.PutAsync(call.Arg<ArchiveItem>(), call.Arg<Stream>(), call.Arg<CancellationToken>()));
        archive.OpenAsync(default!, default).ReturnsForAnyArgs(call =>
            inner.OpenAsync(call.Arg<ArchivedCopy>(), call.Arg<CancellationToken>()));
        var following = New(calls, archive);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = following.RunAsync(stop.Token);
        await Wait.UntilAsync(() => following.Counters.Retries >= 2, "two tries in vain", cancellationToken: Token);
        Assert.Equal((0, 0), (following.Counters.Archived, following.Counters.NextLeaf));
        Volatile.Write(ref away, false);
        await Wait.UntilAsync(
            () => following.Counters.Archived == Calls, "all to be archived", cancellationToken: Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Walk_passes_over_what_is_damaged_erased_or_of_another_gateway()
    {
        await using var calls = await SealedAsync();
        await using var other = await SealedAsync();
        var paths = Directory.GetFiles(calls.Folder, "*.trec", SearchOption.AllDirectories);
        var bytes = await File.ReadAllBytesAsync(paths[0], Token);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(paths[0], bytes, Token);
        await calls.Keys.DestroyAsync(KeyKind.Take, Guid.Parse(Path.GetFileNameWithoutExtension(paths[1])), Token);
        Answer(calls, [.. calls.Leaves, .. other.Leaves]);

        var archive = New(calls);
        await archive.WalkAsync(Token);

        Assert.Equal(new ArchiveCounters(Calls - 2, 1, 0, 2 * Calls), archive.Counters);
        Assert.False(File.Exists(paths[0] + ".archived"));
    }

    [Fact]
    public async Task Walk_while_paused_archives_nothing()
    {
        await using var calls = await SealedAsync();
        var archive = New(calls);
        archive.SetPaused(true);
        await archive.WalkAsync(Token);
        Assert.Equal(0, archive.Counters.Archived);
        archive.SetPaused(false);
        await archive.WalkAsync(Token);
        Assert.Equal(Calls, archive.Counters.Archived);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string StateFile(JournalOfCalls calls) => Path.Combine(calls.Folder, "archive.json");

    private static async Task<JournalOfCalls> SealedAsync()
    {
        var calls = await ScrubTests.SealedAsync();
        Answer(calls, calls.Leaves);
        return calls;
    }

    private static void Answer(JournalOfCalls calls, IReadOnlyList<LedgerEvent> leaves) =>
        calls.Ledger.ReadAsync(Arg.Any<long>()).Returns(call => (IReadOnlyList<LedgerRecord>)
        [
            .. leaves.Select((leaf, i) => new LedgerRecord(i, leaf.Kind, new LedgerReceipt(i, i + 1), leaf.Body))
                .Skip((int)call.Arg<long>()).Take(2),
        ]);

    private RecordingArchive New(JournalOfCalls calls, IArchive? archive = null) => new(
        new ArchiveOptions
        {
            Archive = archive ?? new PosixArchive(_folder),
            StateFile = StateFile(calls),
            Every = TimeSpan.FromMilliseconds(20),
        },
        "default",
        calls.Recordings,
        calls.Grains,
        TimeProvider.System,
        NullLogger<RecordingArchive>.Instance);
}
