using System.Text.Json;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;

namespace Talreg.State.Search;

/// <summary>The read model in the embedded database. Documents are kept in the API's JSON, so to the millisecond.</summary>
public sealed class SqliteCallIndex : ICallIndex
{
    private readonly SqliteDatabase _database;

    /// <summary>Makes the index; it does not own the database.</summary>
    public SqliteCallIndex(SqliteDatabase database) => _database = database;

    /// <inheritdoc />
    /// <exception cref="StateStorageException">Nothing was stored.</exception>
    public async ValueTask PutAsync(CallDocument call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var document = JsonSerializer.Serialize(call, TalregJson.Options);
        var id = call.Id.ToString();
        var parties = call.Participants.SelectMany(p => PartyKeys.Of(p.Aor)).Distinct(StringComparer.Ordinal).ToList();
        await _database.WriteAsync(Put, cancellationToken).ConfigureAwait(false);

        bool Put(SqliteSession session)
        {
            session.Execute(
                "INSERT INTO calls(tenant, id, state, started_at, ended_at, document) VALUES(@0, @1, @2, @3, @4, @5) "
                + "ON CONFLICT(tenant, id) DO UPDATE SET state = excluded.state, started_at = excluded.started_at, "
                + "ended_at = excluded.ended_at, document = excluded.document",
                call.Tenant, id, (int)call.State, call.StartedAt.ToUnixTimeMilliseconds(),
                call.EndedAt?.ToUnixTimeMilliseconds(), document);
            session.Execute("DELETE FROM call_channels WHERE tenant = @0 AND call = @1", call.Tenant, id);
            session.Execute("DELETE FROM call_parties WHERE tenant = @0 AND call = @1", call.Tenant, id);
            foreach (var channel in call.Channels)
            {
                session.Execute(
                    "INSERT OR IGNORE INTO call_channels(tenant, channel, call) VALUES(@0, @1, @2)",
                    call.Tenant, channel, id);
            }

            foreach (var party in parties)
            {
                session.Execute(
                    "INSERT OR IGNORE INTO call_parties(tenant, value, call) VALUES(@0, @1, @2)",
                    call.Tenant, party, id);
            }

            return true;
        }
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">The read failed.</exception>
    public async ValueTask<CallPage> SearchAsync(CallQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (sql, values) = SearchStatement.Build(query);
        var bound = Array.ConvertAll(values, value => value is Guid id ? id.ToString("D") : value);
        var found = await _database.ReadAsync(Read, cancellationToken).ConfigureAwait(false);

        return SearchStatement.ToPage(found, query);

        List<string> Read(SqliteSession session)
        {
            using var reader = session.Bind(sql, bound).ExecuteReader();
            var documents = new List<string>();
            while (reader.Read())
            {
                documents.Add(reader.GetString(0));
            }

            return documents;
        }
    }

    /// <inheritdoc />
    public async ValueTask ClearAsync(CancellationToken cancellationToken) =>
        await _database.WriteAsync(Clear, cancellationToken).ConfigureAwait(false);

    private static bool Clear(SqliteSession session)
    {
        session.Execute("DELETE FROM call_channels");
        session.Execute("DELETE FROM call_parties");
        session.Execute("DELETE FROM calls");
        return true;
    }
}
