using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapper;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.State.Search;

namespace Talreg.State.Postgres;

/// <summary>The read model in the cluster's database. Documents are kept in the API's JSON, so to the millisecond.</summary>
public sealed class PostgresCallIndex : ICallIndex
{
    // Sent together they are one transaction. The call's row comes first: it is the lock under which two writers of one call
    // wait for each other. Look-up values that stay are not touched.
    private const string Put =
        """
        INSERT INTO calls(tenant, id, state, started_at, ended_at, document)
        VALUES(@Tenant, @Id, @State, @StartedAt, @EndedAt, @Document)
        ON CONFLICT(tenant, id) DO UPDATE SET state = excluded.state, started_at = excluded.started_at,
            ended_at = excluded.ended_at, document = excluded.document;
        DELETE FROM call_channels WHERE tenant = @Tenant AND call = @Id AND channel <> ALL(@Channels);
        DELETE FROM call_parties WHERE tenant = @Tenant AND call = @Id AND value <> ALL(@Parties);
        INSERT INTO call_channels(tenant, channel, call) SELECT @Tenant, unnest(@Channels), @Id ON CONFLICT DO NOTHING;
        INSERT INTO call_parties(tenant, value, call) SELECT @Tenant, unnest(@Parties), @Id ON CONFLICT DO NOTHING
        """;

    private readonly PostgresDatabase _database;

    /// <summary>Makes the index; it does not own the database.</summary>
    public PostgresCallIndex(PostgresDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        _database = database;
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">Nothing was stored, or its answer was lost: put it again.</exception>
    public async ValueTask PutAsync(CallDocument call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var parties = call.Participants.SelectMany(p => PartyKeys.Of(p.Aor));
        var row = new
        {
            call.Tenant,
            Id = call.Id.Value,
            State = (short)call.State,
            StartedAt = call.StartedAt.ToUnixTimeMilliseconds(),
            EndedAt = call.EndedAt?.ToUnixTimeMilliseconds(),
            Document = JsonSerializer.Serialize(call, TalregJson.Options),
            Channels = call.Channels.Select(Storable).ToArray(),
            Parties = parties.Select(Storable).Distinct(StringComparer.Ordinal).ToArray(),
        };
        await _database.RunAsync(
            connection => connection.ExecuteAsync(
                new CommandDefinition(Put, row, cancellationToken: cancellationToken)),
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">The read failed.</exception>
    public async ValueTask<CallPage> SearchAsync(CallQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (sql, values) = SearchStatement.Build(query);
        var parameters = new DynamicParameters();
        for (var i = 0; i < values.Length; i++)
        {
            parameters.Add(
                i.ToString(CultureInfo.InvariantCulture), values[i] is string text ? Storable(text) : values[i]);
        }

        var documents = await _database.RunAsync(
            connection => connection.QueryAsync<string>(
                new CommandDefinition(sql, parameters, cancellationToken: cancellationToken)),
            cancellationToken).ConfigureAwait(false);
        return SearchStatement.ToPage(documents.AsList(), query);
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">Nothing was removed.</exception>
    public async ValueTask ClearAsync(CancellationToken cancellationToken) => await _database.RunAsync(
        connection => connection.ExecuteAsync(new CommandDefinition(
            "TRUNCATE call_channels, call_parties, calls", cancellationToken: cancellationToken)),
        cancellationToken).ConfigureAwait(false);

    // What the database cannot hold as text: NUL, and halves of surrogate pairs, which a cut may leave.
    private static string Storable(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
}
