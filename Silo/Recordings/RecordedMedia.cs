using System.Net;
using System.Net.Sockets;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Media.Digits;
using Talreg.Media.Pcap;
using Talreg.Media.Wav;
using Talreg.Silo.Reading;
using Talreg.Store;

namespace Talreg.Silo.Recordings;

/// <summary>
/// Serves sealed recordings: where store, evidence and media meet. Takes of one call are heard as one.
/// </summary>
internal sealed class RecordedMedia(ITakes takes, IGrainFactory grains, ILogger<RecordedMedia> logger) : IRecordedMedia
{
    // Where a packet was received is not recorded. In a capture file each stream gets a port of its own all the same,
    // so that tools tell the streams apart.
    private const int FirstCapturePort = 40_000;

    /// <inheritdoc />
    public async ValueTask<IAudioRendering?> OpenAudioAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken)
    {
        var loaded = await LoadAsync(call, use, cancellationToken).ConfigureAwait(false);
        return loaded.Render() is { } wav ? new WavRendering(wav, loaded.Missing) : null;
    }

    /// <inheritdoc />
    public async ValueTask<IEvidenceBundle?> BuildBundleAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken)
    {
        var opened = await OpenedTakes.OpenAsync(takes, call, use, cancellationToken).ConfigureAwait(false);
        EvidenceBundle? bundle = null;
        try
        {
            var loaded = new List<LoadedTake>();
            foreach (var take in call.Takes)
            {
                if (opened.Find(take.Id) is { } open
                    && await ReadAsync(open, cancellationToken).ConfigureAwait(false) is { } packets)
                {
                    loaded.Add(new LoadedTake(take, packets));
                }
            }

            var wav = await Task.Run(() => new LoadedCall(call, loaded, []).Render(), cancellationToken)
                .ConfigureAwait(false);
            return wav is null
                ? null
                : bundle = await EvidenceBundle.PrepareAsync(call, wav, opened, grains, cancellationToken)
                    .ConfigureAwait(false);
        }
        finally
        {
            if (bundle is null)
            {
                opened.Dispose();
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask<CallMedia?> ReadMediaAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken)
    {
        var loaded = await LoadAsync(call, use, cancellationToken).ConfigureAwait(false);
        return new CallMedia(
            [.. loaded.Takes.Select(take => Describe(loaded, take))], loaded.Missing, loaded.Describe());
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<RecordedPacket> ReadPacketsAsync(
        CallDocument call, RecordingUse use, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var take in call.Takes.Where(take => take.Sealed))
        {
            TakePackets? packets;
            using (var open = await takes.OpenAsync(call, take, use, cancellationToken).ConfigureAwait(false))
            {
                packets = open is null ? null : await ReadAsync(open, cancellationToken).ConfigureAwait(false);
            }

            foreach (var packet in packets?.Packets ?? [])
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return packet;
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask WritePcapngAsync(
        CallDocument call, RecordingUse use, Stream destination, CancellationToken cancellationToken)
    {
        var pipe = PipeWriter.Create(destination, new StreamPipeWriterOptions(leaveOpen: true));
        var writer = new PcapngWriter(pipe);
        await foreach (var packet in ReadPacketsAsync(call, use, cancellationToken).ConfigureAwait(false))
        {
            var rtcp = packet.Flags.HasFlag(RecordedPacketFlags.Rtcp) ? 1 : 0;
            var any = packet.Source.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
            var local = packet.Destination ?? new IPEndPoint(any, FirstCapturePort + (2 * packet.Stream) + rtcp);
            if (!writer.TryWrite(
                packet.ArrivalUnixNanoseconds, packet.Source, local, packet.Bytes.Span, out var refusal))
            {
                throw new InvalidDataException($"A packet of call {call.Id} does not fit a capture file: {refusal}.");
            }

            if (pipe.UnflushedBytes > 64 * 1024)
            {
                await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await pipe.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Loads what can be reached and opened of a call. The rest is named; when that is all, it is refused.
    /// </summary>
    private async Task<LoadedCall> LoadAsync(
        CallDocument call, RecordingUse use, CancellationToken cancellationToken)
    {
        var (loaded, missing) = (new List<LoadedTake>(), new List<TakeId>());
        ExceptionDispatchInfo? failure = null;
        foreach (var take in call.Takes.Where(take => take.Sealed))
        {
            try
            {
                using var open = await takes.OpenAsync(call, take, use, cancellationToken).ConfigureAwait(false);
                if (open is not null && await ReadAsync(open, cancellationToken).ConfigureAwait(false) is { } packets)
                {
                    loaded.Add(new LoadedTake(take, packets));
                }
            }
            catch (Exception e) when (e is StoreException or RefusalException { Kind: RefusalKind.Unavailable })
            {
                logger.TakeLeftOut(take.Id.Value, call.Id.Value, e.Message);
                missing.Add(take.Id);
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }

        if (loaded.Count == 0)
        {
            failure?.Throw();
        }

        return await Task.Run(() => new LoadedCall(call, loaded, missing), cancellationToken).ConfigureAwait(false);
    }

    private static Task<TakePackets?> ReadAsync(OpenTake open, CancellationToken cancellationToken) =>
        Task.Run(() => TakePackets.Load(open), cancellationToken);

    private static TakeMedia Describe(LoadedCall call, LoadedTake loaded)
    {
        var (take, packets) = (loaded.Take, loaded.Packets);
        var streams = packets.AudioStreams();
        var wav = call.Render(packets, streams);
        return new TakeMedia(take.Id, [.. streams.Select((stream, i) => new StreamMedia
        {
            Index = i,
            Label = stream.Label,
            Participant = take.Streams.ElementAtOrDefault(i)?.Participant,
            LengthMs = (long)wav.Duration.TotalMilliseconds,
            SilenceMs = (long)wav.Silence(i).TotalMilliseconds,
            SenderClock = wav.Reports[i].SenderClock,
            Notes = wav.Reports[i].Notes,
            Digits = [.. TelephoneEvents.Read(stream).Select(key => new DigitPressed(
                DateTimeOffset.UnixEpoch.AddTicks(
                    (key.StartNs + packets.RealTimeOffsetNs) / TimeSpan.NanosecondsPerTick),
                key.Symbol,
                (long)key.Duration.TotalMilliseconds,
                key.Ended))],
        })]);
    }

    private sealed class WavRendering(CallWav wav, IReadOnlyList<TakeId> missing) : IAudioRendering
    {
        public long Length => wav.Length;

        public IReadOnlyList<TakeId> Missing => missing;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(wav.Read(offset, buffer.Span));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
