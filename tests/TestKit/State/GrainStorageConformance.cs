using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Talreg.TestKit.State;

/// <summary>What every grain storage must do. A storage's test class inherits it and says how one is made.</summary>
/// <typeparam name="TState">A state with a number, that the storage's serializer knows.</typeparam>
public abstract class GrainStorageConformance<TState>
{
    private static readonly GrainId Grain = GrainId.Create("conformance", "one");

    /// <summary>The storage under test, empty at the start of each test.</summary>
    protected abstract IGrainStorage Storage { get; }

    /// <summary>The longest payload it takes.</summary>
    protected abstract int MaxPayloadBytes { get; }

    [Fact]
    public async Task Read_of_nothing_gives_no_record()
    {
        var state = Fresh();
        await Storage.ReadStateAsync("s", Grain, state);
        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.NotNull(state.State);
    }

    [Fact]
    public async Task Write_then_read_gives_the_same()
    {
        var written = Fresh(7);
        await Storage.WriteStateAsync("s", Grain, written);
        var read = Fresh();
        await Storage.ReadStateAsync("s", Grain, read);
        Assert.True(written.RecordExists && read.RecordExists);
        Assert.Equal(7, NumberOf(read.State));
        Assert.Equal(written.ETag, read.ETag);
    }

    [Fact]
    public async Task Write_changes_the_etag()
    {
        var state = Fresh(1);
        await Storage.WriteStateAsync("s", Grain, state);
        var first = state.ETag;
        await Storage.WriteStateAsync("s", Grain, state);
        Assert.NotEqual(first, state.ETag);
    }

    [Fact]
    public async Task Write_with_a_stale_etag_is_refused_and_changes_nothing()
    {
        var mine = Fresh(1);
        await Storage.WriteStateAsync("s", Grain, mine);
        var theirs = Fresh(2, mine.ETag);
        await Storage.WriteStateAsync("s", Grain, theirs);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("s", Grain, mine));
        await Storage.ReadStateAsync("s", Grain, mine);
        Assert.Equal(2, NumberOf(mine.State));
        Assert.Equal(theirs.ETag, mine.ETag);
    }

    [Fact]
    public async Task Write_without_an_etag_over_a_record_is_refused()
    {
        await Storage.WriteStateAsync("s", Grain, Fresh(1));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("s", Grain, Fresh(2)));
    }

    [Fact]
    public async Task Write_of_eight_first_writers_at_once_lets_exactly_one_win()
    {
        for (var round = 0; round < 50; round++)
        {
            var grain = GrainId.Create("conformance", $"race-{round}");
            var writers = Enumerable.Range(1, 8).Select(n => Task.Run(() => TryWriteAsync(grain, n))).ToArray();
            var won = await Task.WhenAll(writers);
            var winner = Assert.Single(won, n => n != 0);
            var read = Fresh();
            await Storage.ReadStateAsync("s", grain, read);
            Assert.Equal(winner, NumberOf(read.State));
        }
    }

    [Fact]
    public async Task Clear_removes_and_an_etag_from_before_never_fits_again()
    {
        var old = Fresh(1);
        await Storage.WriteStateAsync("s", Grain, old);
        var before = old.ETag;
        await Storage.ClearStateAsync("s", Grain, old);
        Assert.False(old.RecordExists);
        await Storage.WriteStateAsync("s", Grain, Fresh(2));
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => Storage.WriteStateAsync("s", Grain, Fresh(3, before)));
    }

    [Fact]
    public async Task Clear_with_a_stale_etag_is_refused()
    {
        var state = Fresh(1);
        await Storage.WriteStateAsync("s", Grain, state);
        var stale = Fresh(1, state.ETag);
        await Storage.WriteStateAsync("s", Grain, state);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("s", Grain, stale));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("s", Grain, Fresh()));
    }

    [Fact]
    public async Task Write_keeps_states_grains_and_types_apart()
    {
        await Storage.WriteStateAsync("s", Grain, Fresh(1));
        await Storage.WriteStateAsync("t", Grain, Fresh(2));
        await Storage.WriteStateAsync("s", GrainId.Create("conformance", "two"), Fresh(3));
        await Storage.WriteStateAsync("s", GrainId.Create("other", "one"), Fresh(4));
        var read = Fresh();
        await Storage.ReadStateAsync("s", Grain, read);
        Assert.Equal(1, NumberOf(read.State));
        await Storage.ReadStateAsync("s", GrainId.Create("other", "one"), read);
        Assert.Equal(4, NumberOf(read.State));
    }

    [Theory]
    [InlineData("ab", "0ab")]
    [InlineData("ab", "AB")]
    [InlineData("00000000000000000000000000000001", "1")]
    [InlineData("1", "1+x")]
    [InlineData("default/sip1/1", "default/sip1/01")]
    public async Task Write_keeps_grains_with_keys_that_look_alike_apart(string one, string other)
    {
        await Storage.WriteStateAsync("s", GrainId.Create("conformance", one), Fresh(1));
        await Storage.WriteStateAsync("s", GrainId.Create("conformance", other), Fresh(2));
        var read = Fresh();
        await Storage.ReadStateAsync("s", GrainId.Create("conformance", one), read);
        Assert.Equal(1, NumberOf(read.State));
    }

    [Fact]
    public async Task Read_after_a_clear_gives_no_record_and_the_next_first_write_succeeds()
    {
        var state = Fresh(1);
        await Storage.WriteStateAsync("s", Grain, state);
        await Storage.ClearStateAsync("s", Grain, state);
        Assert.Null(state.ETag);
        var read = Fresh(9);
        await Storage.ReadStateAsync("s", Grain, read);
        Assert.False(read.RecordExists);
        Assert.Null(read.ETag);
        await Storage.WriteStateAsync("s", Grain, read);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("s", Grain, state));
        await Storage.ClearStateAsync("t", Grain, Fresh());
    }

    [Fact]
    public async Task Write_of_a_large_state_succeeds_and_of_one_above_the_maximum_is_refused_by_name()
    {
        var large = new GrainState<byte[]>(new byte[MaxPayloadBytes - 100]);
        await Storage.WriteStateAsync("large", Grain, large);
        var read = new GrainState<byte[]>([]);
        await Storage.ReadStateAsync("large", Grain, read);
        Assert.Equal(MaxPayloadBytes - 100, read.State!.Length);
        var tooLarge = new GrainState<byte[]>(new byte[MaxPayloadBytes + 1]);
        var thrown = await Assert.ThrowsAnyAsync<OrleansException>(
            () => Storage.WriteStateAsync("big", Grain, tooLarge));
        Assert.Contains("'big'", thrown.Message, StringComparison.Ordinal);
        Assert.Null(tooLarge.ETag);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("1-zz")]
    [InlineData("'; DROP TABLE grain_state; --")]
    public async Task Write_with_an_etag_that_is_none_is_refused(string etag) =>
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => Storage.WriteStateAsync("s", Grain, Fresh(1, etag)));

    /// <summary>A state that holds the number.</summary>
    protected abstract TState Make(int number);

    /// <summary>The number of a state.</summary>
    protected abstract int NumberOf(TState? state);

    private GrainState<TState> Fresh(int number = 0, string? etag = null) => new(Make(number), etag!);

    private async Task<int> TryWriteAsync(GrainId grain, int number)
    {
        try
        {
            await Storage.WriteStateAsync("s", grain, Fresh(number));
            return number;
        }
        catch (InconsistentStateException)
        {
            return 0;
        }
    }
}
