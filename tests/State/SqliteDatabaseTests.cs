using Microsoft.Data.Sqlite;

namespace Talreg.State.Tests;

public sealed class SqliteDatabaseTests : IDisposable
{
    private const string Insert =
        "INSERT INTO grain_state(name, grain, incarnation, version, format, payload) VALUES(@0, 'g', 1, 1, 1, x'00')";
    private readonly TemporaryDatabase _temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task WriteAsync_that_fails_leaves_other_writes_of_its_batch_standing()
    {
        var writes = Enumerable.Range(0, 500).Select(n => Task.Run(() => WriteOneAsync(n))).ToArray();
        var stored = await Task.WhenAll(writes);
        Assert.Equal(400, stored.Count(ok => ok));
        Assert.Equal(400, await CountAsync());
        Assert.Equal(100, _temporary.Database.Statistics.Failures);
    }

    [Fact]
    public async Task WriteAsync_that_violates_a_constraint_tells_only_its_caller()
    {
        var database = _temporary.Database;
        await database.WriteAsync(s => s.Execute(Insert, "a"), Token);
        await Assert.ThrowsAsync<StateStorageException>(
            () => database.WriteAsync(s => s.Execute(Insert, "a"), Token));
        await database.WriteAsync(s => s.Execute(Insert, "b"), Token);
        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task WriteAsync_of_many_callers_shares_commits()
    {
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(n => WriteOneAsync((n * 5) + 1)));
        var statistics = _temporary.Database.Statistics;
        Assert.Equal(2000, statistics.Writes);
        Assert.InRange(statistics.Commits, 1, 1000);
        Assert.InRange(statistics.LargestBatch, 2, _temporary.Options.MaxWritesPerCommit);
    }

    [Fact]
    public async Task WriteAsync_after_close_is_refused()
    {
        var database = _temporary.Database;
        database.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync(_ => 0, Token));
    }

    [Fact]
    public void Open_syncs_every_commit_in_wal_mode()
    {
        using var connection = OpenRaw();
        Assert.Equal("wal", Scalar(connection, "PRAGMA journal_mode"));
        Assert.Equal((long)SqliteSchema.Version, Scalar(connection, "PRAGMA user_version"));
    }

    [Fact]
    public void Open_of_a_newer_version_is_refused_by_name_and_changes_nothing()
    {
        _temporary.Database.Dispose();
        using (var connection = OpenRaw())
        {
            Scalar(connection, "PRAGMA user_version = 99");
        }

        var thrown = Assert.Throws<StateVersionException>(() => SqliteDatabase.Open(_temporary.Options));
        Assert.Contains("99", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(_temporary.Options.Path, thrown.Message, StringComparison.Ordinal);
        using var after = OpenRaw();
        Assert.Equal(99L, Scalar(after, "PRAGMA user_version"));
    }

    [Fact]
    public void Open_of_another_programs_database_is_refused()
    {
        var options = _temporary.Options with { Path = _temporary.Options.Path + ".other" };
        using (var connection = new SqliteConnection($"Data Source={options.Path};Pooling=False"))
        {
            connection.Open();
            Scalar(connection, "CREATE TABLE theirs(x)");
        }

        var thrown = Assert.Throws<StateCorruptException>(() => SqliteDatabase.Open(options));
        Assert.Contains("another program", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(8192)]
    public async Task Open_of_a_damaged_file_names_it(int offset)
    {
        await WriteOneAsync(1);
        _temporary.Database.Dispose();
        await using (var file = new FileStream(_temporary.Options.Path, FileMode.Open))
        {
            Assert.True(file.Length > offset);
            file.Position = offset;
            await file.WriteAsync(Enumerable.Repeat((byte)0xA5, 1024).ToArray(), Token);
        }

        var thrown = Assert.Throws<StateCorruptException>(() => SqliteDatabase.Open(_temporary.Options));
        Assert.Contains(_temporary.Options.Path, thrown.Message, StringComparison.Ordinal);
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private SqliteConnection OpenRaw()
    {
        var connection = new SqliteConnection($"Data Source={_temporary.Options.Path};Pooling=False");
        connection.Open();
        return connection;
    }

    private Task<long> CountAsync() => _temporary.Database.ReadAsync(
        s => (long)s.Bind("SELECT count(*) FROM grain_state").ExecuteScalar()!, Token);

    /// <summary>Every fifth write does its work and then throws.</summary>
    private async Task<bool> WriteOneAsync(int n)
    {
        try
        {
            await _temporary.Database.WriteAsync(
                s =>
                {
                    s.Execute(Insert, $"n{n}");
                    return n % 5 == 0 ? throw new FormatException("this one fails") : true;
                },
                Token);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
