using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.IO.Pipelines;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Media;
using Talreg.Media.Digits;
using Talreg.Media.Pcap;
using Talreg.Media.Timeline;
using Talreg.Media.Wav;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Recordings;

/// <summary>Serves sealed recordings: where store, evidence and media meet.</summary>
/// <remarks>
/// A call with several takes is heard from the one with the most packets; merging them packet by packet belongs to
/// 2N recording.
/// </remarks>
internal sealed class RecordedMedia(RecordingStore recordings, IGrainFactory grains) : IRecordedMedia
{
    // Where a packet was received is not recorded. In a capture file each stream gets a port of its own all the same, so
    // that tools tell the streams apart.
    private const int FirstCapturePort = 40_000;

    /// <inheritdoc />
    public ValueTask<IAudioRendering?> OpenAudioAsync(CallDocument call, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IAudioRendering?>(Render(call) is { } wav ? new WavRendering(wav) : null);

    /// <inheritdoc />
    public async ValueTask<IEvidenceBundle?> BuildBundleAsync(CallDocument call, CancellationToken cancellationToken) =>
        call.Takes.Any(take => take.Sealed) && Render(call) is { } wav
            ? await EvidenceBundle.PrepareAsync(call, wav, recordings, grains, cancellationToken).ConfigureAwait(false)
            : null;

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<TakeMedia>?> ReadMediaAsync(
        CallDocument call, CancellationToken cancellationToken)
    {
        var takes = new List<TakeMedia>();
        foreach (var take in call.Takes.Where(take => take.Sealed))
        {
            var packets = await Task.Run(() => Load(call.Tenant, take.Id), cancellationToken).ConfigureAwait(false);
            if (packets is not null)
            {
                takes.Add(Describe(call, take, packets));
            }
        }

        return takes;
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<RecordedPacket> ReadPacketsAsync(
        CallDocument call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var take in call.Takes.Where(take => take.Sealed))
        {
            var packets = await Task.Run(() => Load(call.Tenant, take.Id), cancellationToken).ConfigureAwait(false);
            foreach (var packet in packets?.Packets ?? [])
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return packet;
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask WritePcapngAsync(CallDocument call, Stream destination, CancellationToken cancellationToken)
    {
        var pipe = PipeWriter.Create(destination, new StreamPipeWriterOptions(leaveOpen: true));
        var writer = new PcapngWriter(pipe);
        await foreach (var packet in ReadPacketsAsync(call, cancellationToken).ConfigureAwait(false))
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

    private CallWav? Render(CallDocument call)
    {
        var take = call.Takes.Where(take => take.Sealed).MaxBy(take => take.Streams.Sum(stream => stream.Packets));
        return take is null || Load(call.Tenant, take.Id) is not { } packets
            ? null
            : Render(call, packets, packets.AudioStreams());
    }

    private static CallWav Render(CallDocument call, TakePackets packets, IReadOnlyList<AudioStream> streams) =>
        CallAudio.TryRender(packets.StartNs, packets.EndNs, streams, out var wav, out var refusal)
            ? wav
            : throw new RefusalException(
                RefusalKind.WrongState, $"Call {call.Id} cannot be rendered ({refusal}); take its packets instead.");

    private static TakeMedia Describe(CallDocument call, TakeDocument take, TakePackets packets)
    {
        var streams = packets.AudioStreams();
        var wav = Render(call, packets, streams);
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

    private TakePackets? Load(string tenant, TakeId take)
    {
        if (!recordings.TryOpen(tenant, take.Value, out var reader))
        {
            return null;
        }

        using (reader)
        {
            return TakePackets.Load(recordings, reader);
        }
    }

    private sealed class WavRendering(CallWav wav) : IAudioRendering
    {
        public long Length => wav.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(wav.Read(offset, buffer.Span));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
