using System.Net;
using System.Runtime.CompilerServices;
using Talreg.Api.Recordings;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Tests;

/// <summary>Ten thousand bytes of "audio", a bundle, and packets on request.</summary>
internal sealed class FakeMedia : IRecordedMedia
{
    public static readonly byte[] Audio = [.. Enumerable.Range(0, 10_000).Select(static i => (byte)(i * 7))];

    public bool Empty { get; set; }

    public int Opened { get; private set; }

    public List<RecordedPacket> Packets { get; } = [];

    public ValueTask<IAudioRendering?> OpenAudioAsync(CallDocument call, CancellationToken cancellationToken)
    {
        Opened++;
        return ValueTask.FromResult<IAudioRendering?>(Empty ? null : new Bytes(Audio));
    }

    public ValueTask<IEvidenceBundle?> BuildBundleAsync(CallDocument call, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IEvidenceBundle?>(Empty ? null : new Bytes(Audio));

    public List<TakeMedia> Takes { get; } = [];

    public ValueTask<IReadOnlyList<TakeMedia>?> ReadMediaAsync(
        CallDocument call, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<TakeMedia>?>(Empty ? null : Takes);

    public async IAsyncEnumerable<RecordedPacket> ReadPacketsAsync(
        CallDocument call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var packet in Packets)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return packet;
        }
    }

    public async ValueTask WritePcapngAsync(
        CallDocument call, Stream destination, CancellationToken cancellationToken) =>
        await destination.WriteAsync("pcapng"u8.ToArray(), cancellationToken);

    private sealed class Bytes(byte[] content) : IAudioRendering, IEvidenceBundle
    {
        public long Length => content.Length;

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
