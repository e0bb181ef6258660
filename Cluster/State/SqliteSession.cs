using Microsoft.Data.Sqlite;

namespace Talreg.State;

/// <summary>One connection and its prepared statements. Used by one thread at a time, never kept by a caller.</summary>
public sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    internal SqliteSession(SqliteConnection connection) => _connection = connection;

    internal SqliteConnection Connection => _connection;

    /// <summary>A prepared statement with its parameters bound.</summary>
    /// <param name="sql">A constant text: each distinct text stays prepared until the session ends.</param>
    /// <param name="values">Bound to <c>@0</c>, <c>@1</c>, ...; null binds NULL.</param>
    /// <returns>The statement; it stays the session's and is valid until the next call with the same text.</returns>
    public SqliteCommand Bind(string sql, params ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters.AddWithValue(ParameterName(i), DBNull.Value);
            }

            _commands.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    /// <returns>Rows changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteNonQuery();

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _commands.Clear();
        _connection.Dispose();
    }

    private static string ParameterName(int index) =>
        "@" + index.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
