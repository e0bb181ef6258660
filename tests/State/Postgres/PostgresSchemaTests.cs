using Npgsql;
using Talreg.State.Postgres;
using Talreg.TestKit.State;

namespace Talreg.State.Tests.Postgres;

public sealed class PostgresSchemaTests(PostgresServer server) : IAsyncLifetime
{
    private string _connection = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _connection = await server.CreateDatabaseAsync(Token);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task OpenAsync_by_ten_at_once_applies_every_step_once()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(OpenAsync)));
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }

        Assert.Equal((long)PostgresDatabase.SchemaVersion, await ScalarAsync("SELECT count(*) FROM talreg_schema"));
        Assert.Equal(PostgresDatabase.SchemaVersion, await ScalarAsync("SELECT max(version) FROM talreg_schema"));
    }

    [Fact]
    public async Task OpenAsync_again_changes_nothing()
    {
        await (await OpenAsync()).DisposeAsync();
        var before = await ScalarAsync("SELECT string_agg(applied_at::text, ' ' ORDER BY version) FROM talreg_schema");
        await (await OpenAsync()).DisposeAsync();
        Assert.Equal(
            before, await ScalarAsync("SELECT string_agg(applied_at::text, ' ' ORDER BY version) FROM talreg_schema"));
    }

    [Fact]
    public async Task OpenAsync_of_a_newer_version_is_refused_by_name_and_changes_nothing()
    {
        await (await OpenAsync()).DisposeAsync();
        await ScalarAsync("INSERT INTO talreg_schema VALUES(99, 'future', '', now())");
        var thrown = await Assert.ThrowsAsync<StateVersionException>(OpenAsync);
        Assert.Contains("99", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Start a newer one", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(99, await ScalarAsync("SELECT max(version) FROM talreg_schema"));
    }

    [Fact]
    public async Task OpenAsync_of_an_older_version_applies_the_steps_that_are_missing()
    {
        await using (var source = NpgsqlDataSource.Create(_connection))
        {
            await PostgresSchema.ApplyAsync(
                source, [.. PostgresMigration.Load().Take(2)], TimeSpan.FromSeconds(60), Token);
        }

        Assert.Equal(2, await ScalarAsync("SELECT max(version) FROM talreg_schema"));
        await (await OpenAsync()).DisposeAsync();
        Assert.Equal(PostgresDatabase.SchemaVersion, await ScalarAsync("SELECT max(version) FROM talreg_schema"));
    }

    [Fact]
    public async Task OpenAsync_where_a_step_is_another_than_ours_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        await ScalarAsync("UPDATE talreg_schema SET sha256 = 'x' WHERE version = 2");
        var thrown = await Assert.ThrowsAsync<StateCorruptException>(OpenAsync);
        Assert.Contains("Step 2 (reminders)", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_where_another_program_has_tables_of_our_names_is_refused_and_changes_nothing()
    {
        await ScalarAsync("CREATE TABLE calls(theirs integer)");
        await Assert.ThrowsAsync<StateCorruptException>(OpenAsync);
        Assert.Equal(
            1L, await ScalarAsync("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"));
    }

    [Fact]
    public async Task OpenAsync_while_another_holds_the_lock_waits_no_longer_than_told()
    {
        await (await OpenAsync()).DisposeAsync();
        await using var other = new NpgsqlConnection(_connection);
        await other.OpenAsync(Token);
        await using var transaction = await other.BeginTransactionAsync(Token);
        await using var held = new NpgsqlCommand("SELECT pg_advisory_xact_lock(x'54414C5253434847'::bigint)", other);
        await held.ExecuteNonQueryAsync(Token);
        var options = new PostgresOptions
        {
            ConnectionString = _connection, SchemaTimeout = TimeSpan.FromMilliseconds(200),
        };
        var thrown = await Assert.ThrowsAsync<StateStorageException>(() => PostgresDatabase.OpenAsync(options, Token));
        Assert.Contains("Another process", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_by_another_cluster_is_refused_by_name()
    {
        await (await OpenAsync()).DisposeAsync();
        var options = new PostgresOptions { ConnectionString = _connection, Cluster = "north" };
        var thrown = await Assert.ThrowsAsync<StateCorruptException>(() => PostgresDatabase.OpenAsync(options, Token));
        Assert.Contains("cluster 'talreg', not of 'north'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_of_a_database_that_is_not_there_is_refused_by_name()
    {
        var missing = new NpgsqlConnectionStringBuilder(_connection) { Database = "missing" }.ToString();
        var thrown = await Assert.ThrowsAsync<StateStorageException>(
            () => PostgresDatabase.OpenAsync(new PostgresOptions { ConnectionString = missing }, Token));
        Assert.Contains("'missing'", thrown.Message, StringComparison.Ordinal);
    }

    private Task<PostgresDatabase> OpenAsync() =>
        PostgresDatabase.OpenAsync(new PostgresOptions { ConnectionString = _connection }, Token);

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }
}
