using System.Net;
using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Recordings;

/// <summary>
/// What was recorded of a call, ready to be served. Implemented where store, media and evidence meet.
/// </summary>
/// <remarks>
/// The caller has checked the permission and, before it passes on a byte, put the listen in the ledger.
/// </remarks>
public interface IRecordedMedia
{
    /// <summary>
    /// Renders a call as WAV: stereo, 16-bit PCM. Several takes are heard as one, merged packet by packet.
    /// </summary>
    /// <returns>The rendering, owned by the caller; null when no byte of the call is here.</returns>
    /// <exception cref="RefusalException">No take of it can be reached; the message says where they lie.</exception>
    ValueTask<IAudioRendering?> OpenAudioAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken);

    /// <summary>Builds the evidence bundle (FORMAT.md §8), with every sealed take.</summary>
    /// <returns>The bundle, owned by the caller; null when no take of the call is sealed yet.</returns>
    /// <exception cref="RefusalException">
    /// A take of it cannot be reached: a bundle is whole, or is not made.
    /// </exception>
    ValueTask<IEvidenceBundle?> BuildBundleAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken);

    /// <summary>
    /// Keys pressed, silence and remarks of every sealed take, in the order they began, and how they are merged.
    /// </summary>
    /// <returns>Null, or without takes, when no take of the call is here.</returns>
    /// <exception cref="RefusalException">No take of it can be reached; the message says where they lie.</exception>
    ValueTask<CallMedia?> ReadMediaAsync(CallDocument call, RecordingUse use, CancellationToken cancellationToken);

    /// <summary>Every packet of every take, by take, then in order of arrival.</summary>
    /// <exception cref="RefusalException">A take of it cannot be reached.</exception>
    IAsyncEnumerable<RecordedPacket> ReadPacketsAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the same packets as a pcapng file. Writes asynchronously only; does not close the stream.
    /// </summary>
    ValueTask WritePcapngAsync(
        CallDocument call, RecordingUse use, Stream destination, CancellationToken cancellationToken);
}

/// <summary>For whom and why a recording is read: told to the gateway that holds it.</summary>
/// <param name="Actor">Who asked.</param>
/// <param name="Purpose">Why.</param>
public sealed record RecordingUse(string Actor, string Purpose);

/// <summary>A call as one audio file whose bytes can be read at any offset. One reader at a time.</summary>
public interface IAudioRendering : IAsyncDisposable
{
    /// <summary>Length of the file in bytes; does not change in the rendering's life.</summary>
    long Length { get; }

    /// <summary>Sealed takes that are not heard in it, because where they lie cannot be reached; mostly none.</summary>
    IReadOnlyList<TakeId> Missing { get; }

    /// <summary>Reads at an offset.</summary>
    /// <returns>Bytes read; 0 only at or after the end.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>An evidence bundle, complete before its first byte is sent.</summary>
public interface IEvidenceBundle : IAsyncDisposable
{
    /// <summary>Length of the ZIP in bytes.</summary>
    long Length { get; }

    /// <summary>Writes the whole ZIP, once. Writes asynchronously only; does not close the stream.</summary>
    ValueTask CopyToAsync(Stream destination, CancellationToken cancellationToken);
}

/// <summary>What is known of a recorded packet besides its bytes. The numbers are those of FORMAT.md §2.</summary>
[Flags]
public enum RecordedPacketFlags
{
    /// <summary>An RTP packet from the stream's own source, with the kernel's arrival time.</summary>
    None = 0,

    /// <summary>An RTCP packet.</summary>
    Rtcp = 0x01,

    /// <summary>From another source than the stream's.</summary>
    Foreign = 0x02,

    /// <summary>The kernel gave no arrival time; it was taken when the packet was read.</summary>
    ArrivalEstimated = 0x04,
}

/// <summary>One packet as it was received.</summary>
/// <param name="Take">The take it lies in.</param>
/// <param name="Stream">Index of its stream in the take.</param>
/// <param name="ArrivalUnixNanoseconds">Arrival, in nanoseconds since 1970-01-01T00:00:00Z.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="Destination">Where it was received, or null when that is not recorded.</param>
/// <param name="Flags">What is known of it.</param>
/// <param name="Bytes">The RTP or RTCP packet untouched; valid until the next packet is asked for.</param>
public readonly record struct RecordedPacket(
    TakeId Take,
    int Stream,
    long ArrivalUnixNanoseconds,
    IPEndPoint Source,
    IPEndPoint? Destination,
    RecordedPacketFlags Flags,
    ReadOnlyMemory<byte> Bytes);
