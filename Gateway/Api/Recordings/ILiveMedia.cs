using Talreg.Contracts.Calls;

namespace Talreg.Api.Recordings;

/// <summary>Calls that are heard while they last. Implemented where capture and media meet.</summary>
public interface ILiveMedia
{
    /// <summary>Opens a call for one listener.</summary>
    /// <returns>Owned by the caller; null when no take of the call is live here.</returns>
    /// <exception cref="LiveUnavailableException">There are too many listeners, or the recorder is busy.</exception>
    ValueTask<ILiveListen?> OpenAsync(CallDocument call, CancellationToken cancellationToken);
}

/// <summary>One listener's ear on a live call. Disposing it closes the tap.</summary>
public interface ILiveListen : IAsyncDisposable
{
    /// <summary>
    /// Writes WAV of unknown length (stereo, 16-bit PCM) as the call goes on, a pause as silence; returns when the call is over or
    /// the recorder stops its taps. Writes asynchronously only.
    /// </summary>
    Task CopyToAsync(Stream destination, CancellationToken cancellationToken);
}

/// <summary>A live call cannot be heard now. The message says why.</summary>
public sealed class LiveUnavailableException(string message, Exception cause) : Exception(message, cause);
