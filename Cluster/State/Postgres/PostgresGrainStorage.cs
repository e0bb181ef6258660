using System.Globalization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Talreg.State.Postgres;

/// <summary>
/// Grain state in the cluster's database, through Orleans' ADO.NET provider and our own statements (migration 3).
/// </summary>
/// <remarks>
/// Three things the provider does otherwise are made whole here. It names a row by state and key only, and takes keys
/// that look like numbers apart, so that <c>0ab</c> and <c>ab</c> are one row: it is given the whole grain id as key. It
/// clears a record that the caller never read. And its exceptions are of types that a grain's caller may not know.
/// </remarks>
public sealed class PostgresGrainStorage : IGrainStorage
{
    private readonly IGrainStorage _provider;
    private readonly IActivatorProvider _activators;

    /// <summary>Makes the storage.</summary>
    /// <param name="provider">Orleans' ADO.NET storage.</param>
    /// <param name="activators">Makes the state of a grain that has none yet.</param>
    public PostgresGrainStorage(IGrainStorage provider, IActivatorProvider activators)
    {
        _provider = provider;
        _activators = activators;
    }

    /// <inheritdoc />
    /// <exception cref="StateStorageException">The row cannot be read.</exception>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        NamedAsync(() => _provider.ReadStateAsync(stateName, Whole(grainId), grainState), stateName, grainId);

    /// <inheritdoc />
    /// <exception cref="InconsistentStateException">Somebody else wrote meanwhile; nothing was stored.</exception>
    /// <exception cref="StateStorageException">Nothing was stored, or its answer was lost: read before the next
    /// write.</exception>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        CheckETag(stateName, grainId, grainState.ETag);
        return NamedAsync(
            () => _provider.WriteStateAsync(stateName, Whole(grainId), grainState), stateName, grainId);
    }

    /// <inheritdoc />
    /// <exception cref="InconsistentStateException">Somebody else wrote meanwhile; nothing was removed.</exception>
    /// <exception cref="StateStorageException">Nothing was removed, or its answer was lost.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        CheckETag(stateName, grainId, grainState.ETag);
        if (string.IsNullOrEmpty(grainState.ETag))
        {
            var stored = new GrainState<T>();
            await ReadStateAsync(stateName, grainId, stored).ConfigureAwait(false);
            if (stored.RecordExists)
            {
                throw new InconsistentStateException(
                    $"State '{stateName}' of {grainId} was changed meanwhile.", stored.ETag, "none");
            }
        }
        else
        {
            // The provider reads first when it is told that there is no record, and would then clear what it read.
            grainState.RecordExists = true;
            await NamedAsync(
                () => _provider.ClearStateAsync(stateName, Whole(grainId), grainState), stateName, grainId)
                .ConfigureAwait(false);
        }

        grainState.State = _activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static GrainId Whole(GrainId grainId) => new(grainId.Type, IdSpan.Create(grainId.ToString()));

    private static void CheckETag(string stateName, GrainId grainId, string? etag)
    {
        if (!string.IsNullOrEmpty(etag)
            && !int.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new InconsistentStateException(
                $"'{etag}' is not an ETag of state '{stateName}' of {grainId}.", "unknown", etag);
        }
    }

    private static async Task NamedAsync(Func<Task> run, string stateName, GrainId grainId)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not InconsistentStateException)
        {
            throw new StateStorageException($"State '{stateName}' of {grainId}: {e.Message}");
        }
    }
}
