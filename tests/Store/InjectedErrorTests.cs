using Talreg.Store.Journal;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>
/// The kernel answers EIO to the n-th call of a kind on one of two volumes (injected by strace), for each n: the process
/// lives on, the volume is fenced, and all it acknowledged is there afterwards.
/// </summary>
public sealed class InjectedErrorTests
{
    private const string FolderVariable = "TALREG_TESTS_INJECT_FOLDER";
    private const string AllVariable = "TALREG_TESTS_INJECT_ALL";
    private const int MaxCalls = 100;
    private const int MaxSegments = 16;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("fdatasync", 2)]
    [InlineData("pwrite64", 4)]
    [InlineData("fallocate", 8)]
    public async Task Eio_ofACall_fencesTheVolumeAndLosesNothing(string call, int step)
    {
        var strace = Peer.Require("strace", "strace");
        var all = Environment.GetEnvironmentVariable(AllVariable) is not null;
        var n = 1;
        while (await FailAsync(strace, call, n))
        {
            Assert.True(n < MaxCalls, $"more than {MaxCalls} calls of {call}");

            // strace counts the calls of each thread. The short form takes some: each call of all threads fails in process,
            // in FailOverTests.
            n = all ? n + 1 : n * step;
        }

        Assert.True(n > 1, $"{call} was never injected");
    }

    /// <summary>Not a test: what the traced process runs.</summary>
    [Fact(Explicit = true)]
    public async Task Child_recordsOnTwoVolumes()
    {
        var path = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(path is null, "only as a child of the test beside it");
        using var store = new StoreFixture(path);
        await using var journal = await TakeJournal.OpenAsync(
            FailOverTests.Options(store), store.Keys, TimeProvider.System, Token);
        using var producer = journal.CreateProducer();
        var takes = await FailOverTests.RecordAsync(journal, producer);
        await Task.WhenAll(takes.Take(2).Select(async take => await journal.CloseTakeAsync(take, 1, Token)));
        Assert.All(takes, take => Assert.Equal((ulong)FailOverTests.Chunks, take.CommittedChunks));
        Assert.Equal([true, false], journal.Health.Volumes.Select(volume => volume.Fenced));
        Assert.Contains("Input/output error", journal.Health.FenceReason, StringComparison.Ordinal);
    }

    // False when the process makes fewer than n such calls: it then ends with the assertion that nothing was fenced.
    private static async Task<bool> FailAsync(string strace, string call, int n)
    {
        using var store = new StoreFixture();
        var trace = Path.Combine(store.Path, "trace");
        var folder = Path.Combine(FailOverTests.Volume(store, 0), "journal");
        string[] files = [.. Enumerable.Range(1, MaxSegments).Select(i => Path.Combine(folder, $"{i:x16}.tj"))];
        var (code, output) = await ChildTest.RunAsync(
            ChildTest.Command(
                typeof(InjectedErrorTests),
                nameof(Child_recordsOnTwoVolumes),
                new Dictionary<string, string>(StringComparer.Ordinal) { [FolderVariable] = store.Path },
                [
                    strace, "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", $"trace={call}",
                    "-e", $"inject={call}:error=EIO:when={n}", .. files.SelectMany(file => new[] { "-P", file }),
                ]),
            Token);
        if (!File.Exists(trace) || output.Contains("ptrace", StringComparison.OrdinalIgnoreCase))
        {
            Peer.Missing("the right to trace processes (ptrace)", "strace");
        }

        var injected = (await File.ReadAllTextAsync(trace, Token)).Contains("(INJECTED)", StringComparison.Ordinal);
        if (!injected)
        {
            return false;
        }

        Assert.True(code == 0, $"{call} {n}: {output}");
        await FailOverTests.CheckAsync(store, $"{call} {n}");
        return true;
    }
}
