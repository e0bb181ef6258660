using System.Globalization;
using System.Text;
using System.Text.Json;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;

namespace Talreg.State.Search;

/// <summary>
/// Turns a query into one of few statements, for every database the same: the text depends on which members are given, never on
/// their values.
/// </summary>
internal static class SearchStatement
{
    /// <summary>Most calls on a page.</summary>
    public const int MaxLimit = 500;

    /// <summary>The statement and the values of <c>@0</c>, <c>@1</c>, ...: strings, integers and the id of a call.</summary>
    /// <exception cref="RefusalException">The limit, the cursor or the prefix is not one.</exception>
    public static (string Sql, object[] Values) Build(CallQuery query)
    {
        if (query.Limit is < 1 or > MaxLimit)
        {
            throw new RefusalException(RefusalKind.Invalid, "limit: 1 to 500.");
        }

        var sql = new StringBuilder("SELECT document FROM calls WHERE tenant = @0");
        var values = new List<object> { query.Tenant };
        AddParty(sql, values, query.Party);
        if (query.Channel is { } channel)
        {
            Add(
                sql, values, " AND id IN (SELECT call FROM call_channels WHERE tenant = @0 AND channel = {0})",
                channel);
        }

        if (query.From is { } from)
        {
            Add(sql, values, " AND started_at >= {0}", CeilingMs(from));
        }

        if (query.To is { } to)
        {
            Add(sql, values, " AND started_at < {0}", CeilingMs(to));
        }

        if (query.State is { } state)
        {
            Add(sql, values, " AND state = {0}", (int)state);
        }

        if (query.Cursor is { } text)
        {
            var cursor = SearchCursor.TryParse(text, out var parsed)
                ? parsed
                : throw new RefusalException(RefusalKind.Invalid, "cursor: not one that a search gave.");

            // The first bound is implied by the second; it lets the index seek to the place.
            Add(sql, values, " AND started_at <= {0}", cursor.StartedAtMs);
            Add(sql, values, " AND (started_at < {0}", cursor.StartedAtMs);
            Add(sql, values, " OR id > {0})", cursor.Id.Value);
        }

        Add(sql, values, " ORDER BY started_at DESC, id LIMIT {0}", query.Limit + 1);
        return (sql.ToString(), values.ToArray());
    }

    /// <summary>The page of the documents that a statement gave.</summary>
    public static CallPage ToPage(List<string> documents, CallQuery query)
    {
        var found = documents.ConvertAll(text => JsonSerializer.Deserialize<CallDocument>(text, TalregJson.Options)!);

        // One more than asked for was read: it says whether there is a next page.
        if (found.Count <= query.Limit)
        {
            return new CallPage(found, Next: null);
        }

        found.RemoveAt(query.Limit);
        var last = found[^1];
        return new CallPage(
            found, new SearchCursor(last.StartedAt.ToUnixTimeMilliseconds(), last.Id).ToString());
    }

    private static void AddParty(StringBuilder sql, List<object> values, string? party)
    {
        if (party is null)
        {
            return;
        }

        if (!party.EndsWith('*'))
        {
            Add(
                sql, values, " AND id IN (SELECT call FROM call_parties WHERE tenant = @0 AND value = {0})",
                PartyKeys.Normalize(party));
            return;
        }

        var prefix = PartyKeys.Normalize(party[..^1]);
        if (prefix.Length < PartyKeys.MinPrefix)
        {
            throw new RefusalException(RefusalKind.Invalid, "party: a prefix has at least 3 characters before its *.");
        }

        // Both databases compare UTF-8 bytes here, so everything that begins with the prefix lies below prefix + the last code point.
        Add(sql, values, " AND id IN (SELECT call FROM call_parties WHERE tenant = @0 AND value >= {0}", prefix);
        Add(sql, values, " AND value < {0})", prefix + "\U0010FFFF");
    }

    /// <summary>Starts are kept in whole milliseconds, so a finer bound is met by the next one.</summary>
    private static long CeilingMs(DateTimeOffset time)
    {
        var ms = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 ? ms : ms + 1;
    }

    private static void Add(StringBuilder sql, List<object> values, string clause, object value)
    {
        var parameter = "@" + values.Count.ToString(CultureInfo.InvariantCulture);
        sql.Append(clause.Replace("{0}", parameter, StringComparison.Ordinal));
        values.Add(value);
    }
}
