using System.Globalization;
using System.Security.Cryptography;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using Talreg.Contracts;

namespace Talreg.State;

/// <summary>Grain state in the embedded database, with compare-and-swap on the ETag.</summary>
/// <remarks>
/// The payload is Orleans' own encoding: a state record may gain members under new <c>[Id]</c>s and old rows still open.
/// An ETag is <c>{version}-{incarnation}</c>; the incarnation is drawn when a row is first written, so that an ETag
/// from before a clear never fits the row after it.
/// </remarks>
public sealed class SqliteGrainStorage : IGrainStorage, IStateExpiry
{
    /// <summary>The name under which grains ask for it.</summary>
    public const string Name = "talreg";

    /// <summary>The most rows removed at once because they were due.</summary>
    public const int MaxExpiredAtOnce = 1_000;

    /// <summary>The payload is Orleans' binary encoding.</summary>
    private const int OrleansFormat = 1;

    private readonly SqliteDatabase _database;
    private readonly OrleansGrainStorageSerializer _serializer;
    private readonly IActivatorProvider _activators;

    /// <summary>Makes the provider; it does not own the database.</summary>
    /// <param name="database">Where the rows are.</param>
    /// <param name="serializer">Encodes states; rows say that it is Orleans' binary encoding.</param>
    /// <param name="activators">Makes the state of a grain that has none yet.</param>
    public SqliteGrainStorage(
        SqliteDatabase database, OrleansGrainStorageSerializer serializer, IActivatorProvider activators)
    {
        _database = database;
        _serializer = serializer;
        _activators = activators;
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">The row cannot be read.</exception>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = await _database
            .ReadAsync(session => Find(session, stateName, grainId.ToString()), CancellationToken.None)
            .ConfigureAwait(false);
        if (row is null)
        {
            Reset(grainState);
            return;
        }

        if (row.Format != OrleansFormat)
        {
            throw new StateStorageException(string.Create(
                CultureInfo.InvariantCulture,
                $"State '{stateName}' of {grainId} has the unknown format {row.Format}."));
        }

        grainState.State = _serializer.Deserialize<T>(new BinaryData(row.Payload))!;
        grainState.ETag = row.ETag.ToString();
        grainState.RecordExists = true;
    }

    /// <inheritdoc />
    /// <exception cref="InconsistentStateException">Somebody else wrote meanwhile; nothing was stored.</exception>
    /// <exception cref="StateStorageException">Nothing was stored.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var expected = ParseETag(stateName, grainId, grainState.ETag);
        var payload = _serializer.Serialize(grainState.State).ToArray();
        if (payload.Length > StatePayload.MaxBytes)
        {
            throw new StateStorageException(string.Create(
                CultureInfo.InvariantCulture,
                $"State '{stateName}' of {grainId} has {payload.Length} bytes; {StatePayload.MaxBytes} are allowed."));
        }

        var grain = grainId.ToString();
        var due = (grainState.State as IExpiringState)?.DueAt?.ToUnixTimeMilliseconds();
        var written = await _database.WriteAsync(Write, CancellationToken.None).ConfigureAwait(false);
        grainState.ETag = written.ToString();
        grainState.RecordExists = true;

        RowETag Write(SqliteSession session)
        {
            var next = expected is { } etag ? etag with { Version = etag.Version + 1 } : RowETag.First();
            var changed = expected is { } current
                ? session.Execute(
                    "UPDATE grain_state SET version = @0, format = @1, payload = @2, due_at = @7 "
                    + "WHERE name = @3 AND grain = @4 AND version = @5 AND incarnation = @6",
                    next.Version, OrleansFormat, payload, stateName, grain, current.Version, current.Incarnation, due)
                : session.Execute(
                    "INSERT INTO grain_state(name, grain, incarnation, version, format, payload, due_at) "
                    + "VALUES(@0, @1, @2, @3, @4, @5, @6) ON CONFLICT DO NOTHING",
                    stateName, grain, next.Incarnation, next.Version, OrleansFormat, payload, due);
            return changed == 1 ? next : throw Conflict(session, stateName, grain, expected);
        }
    }

    /// <inheritdoc />
    /// <exception cref="InconsistentStateException">Somebody else wrote meanwhile; nothing was removed.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var expected = ParseETag(stateName, grainId, grainState.ETag);
        var grain = grainId.ToString();
        await _database.WriteAsync(Delete, CancellationToken.None).ConfigureAwait(false);
        Reset(grainState);

        bool Delete(SqliteSession session)
        {
            if (expected is not { } current)
            {
                return Find(session, stateName, grain) is null
                    ? true
                    : throw Conflict(session, stateName, grain, expected);
            }

            var removed = session.Execute(
                "DELETE FROM grain_state WHERE name = @0 AND grain = @1 AND version = @2 AND incarnation = @3",
                stateName, grain, current.Version, current.Incarnation);
            return removed == 1 ? true : throw Conflict(session, stateName, grain, expected);
        }
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">Nothing was removed.</exception>
    public Task<int> ExpireAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var due = before.ToUnixTimeMilliseconds();
        return _database.WriteAsync(
            session => session.Execute(
                "DELETE FROM grain_state WHERE rowid IN (SELECT rowid FROM grain_state WHERE due_at <= @0 LIMIT @1)",
                due, MaxExpiredAtOnce),
            cancellationToken);
    }

    private static InconsistentStateException Conflict(
        SqliteSession session, string stateName, string grain, RowETag? expected)
    {
        var stored = Find(session, stateName, grain)?.ETag.ToString() ?? "none";
        return new InconsistentStateException(
            $"State '{stateName}' of {grain} was changed meanwhile.", stored, expected?.ToString() ?? "none");
    }

    private static Row? Find(SqliteSession session, string stateName, string grain)
    {
        using var reader = session
            .Bind(
                "SELECT version, incarnation, format, payload FROM grain_state WHERE name = @0 AND grain = @1",
                stateName, grain)
            .ExecuteReader();
        return reader.Read()
            ? new Row(
                new RowETag(reader.GetInt64(0), reader.GetInt64(1)),
                reader.GetInt32(2),
                reader.GetFieldValue<byte[]>(3))
            : null;
    }

    private static RowETag? ParseETag(string stateName, GrainId grainId, string? etag)
    {
        if (string.IsNullOrEmpty(etag))
        {
            return null;
        }

        return RowETag.TryParse(etag, out var parsed)
            ? parsed
            : throw new InconsistentStateException(
                $"'{etag}' is not an ETag of state '{stateName}' of {grainId}.", "unknown", etag);
    }

    private void Reset<T>(IGrainState<T> grainState)
    {
        grainState.State = _activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private sealed record Row(RowETag ETag, int Format, byte[] Payload);

    private readonly record struct RowETag(long Version, long Incarnation)
    {
        public static RowETag First()
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            RandomNumberGenerator.Fill(bytes);
            return new RowETag(1, BitConverter.ToInt64(bytes) & long.MaxValue);
        }

        public static bool TryParse(string text, out RowETag etag)
        {
            var dash = text.IndexOf('-', StringComparison.Ordinal);
            etag = default;
            if (dash < 1
                || !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || !long.TryParse(
                    text.AsSpan(dash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var drawn))
            {
                return false;
            }

            etag = new RowETag(number, drawn);
            return true;
        }

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Version}-{Incarnation:x16}");
    }
}
