using System.Net;
using System.Runtime.CompilerServices;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Tests;

/// <summary>Ten thousand bytes of "audio", a bundle, and packets on request.</summary>
internal sealed class FakeMedia : IRecordedMedia
{
    public static readonly byte[] Audio = [.. Enumerable.Range(0, 10_000).Select(static i => (byte)(i * 7))];

    public bool Empty { get; set; }

    public int Opened { get; private set; }

    public List<RecordedPacket> Packets { get; } = [];

    public ValueTask<IAudioRendering?> OpenAudioAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken)
    {
        Opened++;
        return ValueTask.FromResult<IAudioRendering?>(Empty ? null : new Bytes(Audio, Missing));
    }

    public ValueTask<IEvidenceBundle?> BuildBundleAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IEvidenceBundle?>(Empty ? null : new Bytes(Audio, Missing));

    public List<TakeMedia> Takes { get; } = [];

    public List<TakeId> Missing { get; } = [];

    public ValueTask<CallMedia?> ReadMediaAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Empty ? null : new CallMedia(Takes, Missing, Merge: null));

    public async IAsyncEnumerable<RecordedPacket> ReadPacketsAsync(
        CallDocument call, RecordingUse use, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var packet in Packets)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return packet;
        }
    }

    public async ValueTask WritePcapngAsync(
        CallDocument call, RecordingUse use, Stream destination, CancellationToken cancellationToken) =>
        await destination.WriteAsync("pcapng"u8.ToArray(), cancellationToken);

    private sealed class Bytes(byte[] content, IReadOnlyList<TakeId> missing) : IAudioRendering, IEvidenceBundle
    {
        public long Length => content.Length;

        public IReadOnlyList<TakeId> Missing => missing;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            // Never more than 1000 at once, so that short reads are met.
            var count = (int)Math.Min(Math.Min(buffer.Length, 1000), content.Length - offset);
            content.AsMemory((int)offset, count).CopyTo(buffer);
            return ValueTask.FromResult(count);
        }

        public async ValueTask CopyToAsync(Stream destination, CancellationToken cancellationToken) =>
            await destination.WriteAsync(content, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
