using Orleans.Runtime;
using Orleans.Storage;
using Talreg.Contracts.Calls;
using Talreg.TestKit.State;

namespace Talreg.State.Tests;

/// <summary>The conformance suite on SQLite. A ledger receipt serves as the state: its leaf is the number.</summary>
public sealed class SqliteGrainStorageTests : GrainStorageConformance<EvidenceDocument>, IDisposable
{
    private readonly TemporaryDatabase _temporary = new();

    protected override IGrainStorage Storage => _temporary.Storage;

    [Fact]
    public async Task Read_after_reopening_gives_what_was_written()
    {
        var grain = GrainId.Create("t", "k");
        var state = new GrainState<EvidenceDocument>(Make(5));
        await Storage.WriteStateAsync("s", grain, state);
        _temporary.Reopen();
        var read = new GrainState<EvidenceDocument>(Make(0));
        await Storage.ReadStateAsync("s", grain, read);
        Assert.Equal(5, NumberOf(read.State));
        Assert.Equal(state.ETag, read.ETag);
    }

    public void Dispose() => _temporary.Dispose();

    protected override int MaxPayloadBytes => StatePayload.MaxBytes;

    protected override EvidenceDocument Make(int number) => new(number, 0);

    protected override int NumberOf(EvidenceDocument? state) => (int)(state?.Leaf ?? -1);
}
