using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using Talreg.Contracts.Calls;
using Talreg.State.Postgres;
using Talreg.TestKit.State;

namespace Talreg.State.Tests.Postgres;

/// <summary>The conformance suite on Orleans' ADO.NET provider with our statements.</summary>
public sealed class PostgresGrainStorageTests(PostgresSilo silo)
    : GrainStorageConformance<EvidenceDocument>, IClassFixture<PostgresSilo>, IAsyncLifetime
{
    protected override IGrainStorage Storage =>
        silo.Services.GetRequiredKeyedService<IGrainStorage>(SqliteGrainStorage.Name);

    public async ValueTask InitializeAsync()
    {
        await silo.StartAsync();
        await silo.ExecuteAsync("TRUNCATE grain_state");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Version_at_its_end_begins_again_and_the_next_write_succeeds()
    {
        var grain = GrainId.Create("t", "k");
        var state = new GrainState<EvidenceDocument>(Make(1));
        await Storage.WriteStateAsync("s", grain, state);
        await silo.ExecuteAsync($"UPDATE grain_state SET version = {int.MaxValue}");
        await Storage.ReadStateAsync("s", grain, state);
        await Storage.WriteStateAsync("s", grain, state);
        Assert.Equal("1", state.ETag);
        await Storage.WriteStateAsync("s", grain, state);
        Assert.Equal("2", state.ETag);
    }

    [Fact]
    public async Task Failure_of_the_provider_reaches_the_caller_as_ours_and_names_the_grain()
    {
        var thrown = await Assert.ThrowsAsync<StateStorageException>(() => new PostgresGrainStorage(
            new FailingStorage(), silo.Services.GetRequiredService<IActivatorProvider>()).ReadStateAsync(
                "s", GrainId.Create("t", "k"), new GrainState<EvidenceDocument>()));
        Assert.Contains("'s' of t/k", thrown.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<OrleansException>(thrown);
    }

    [Fact]
    public async Task Failure_of_the_database_reaches_the_caller_as_ours()
    {
        await silo.ExecuteAsync("ALTER TABLE grain_state RENAME TO hidden");
        try
        {
            var state = new GrainState<EvidenceDocument>(Make(1));
            var grain = GrainId.Create("t", "k");
            await Assert.ThrowsAsync<StateStorageException>(() => Storage.ReadStateAsync("s", grain, state));
            await Assert.ThrowsAsync<StateStorageException>(() => Storage.WriteStateAsync("s", grain, state));
        }
        finally
        {
            await silo.ExecuteAsync("ALTER TABLE hidden RENAME TO grain_state");
        }
    }

    protected override int MaxPayloadBytes => StatePayload.MaxBytes;

    protected override EvidenceDocument Make(int number) => new(number, 0);

    protected override int NumberOf(EvidenceDocument? state) => (int)(state?.Leaf ?? -1);

    private sealed class FailingStorage : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            throw new InvalidCastException("of the provider");

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            throw new NotSupportedException();

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            throw new NotSupportedException();
    }
}
