using Talreg.Api.Recordings;
using Talreg.Contracts.Calls;
using Talreg.Evidence.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Recordings;

/// <summary>Sealed takes, wherever their bytes lie. Any thread.</summary>
internal interface ITakes
{
    /// <summary>Opens a take for reading.</summary>
    /// <returns>Owned by the caller; null when its gateway has no such recording.</returns>
    /// <exception cref="Contracts.RefusalException">
    /// Where it lies cannot be reached; the message says where that is.
    /// </exception>
    ValueTask<OpenTake?> OpenAsync(
        CallDocument call, TakeDocument take, RecordingUse use, CancellationToken cancellationToken);
}

/// <summary>A take that is read. Disposing it closes the recording, overwrites the keys and removes a copy.</summary>
/// <param name="recording">The recording.</param>
/// <param name="keys">What opens it; null when its key was destroyed.</param>
/// <param name="copy">The copy it is read from; null where it is read in place.</param>
internal sealed class OpenTake(RecordingReader recording, OpeningKeys? keys, IDisposable? copy) : IDisposable
{
    public RecordingReader Recording { get; } = recording;

    public OpeningKeys? Keys { get; } = keys;

    public void Dispose()
    {
        Keys?.Dispose();
        Recording.Dispose();
        copy?.Dispose();
    }
}

/// <summary>Takes of this process's own gateway, read in place.</summary>
internal sealed class LocalTakes(RecordingStore recordings) : ITakes
{
    /// <inheritdoc />
    public ValueTask<OpenTake?> OpenAsync(
        CallDocument call, TakeDocument take, RecordingUse use, CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            recordings.TryOpen(call.Tenant, take.Id.Value, out var reader)
                ? new OpenTake(reader, recordings.GetOpeningKeys(reader), copy: null)
                : null);
}
