using Apache.Arrow;
using Apache.Arrow.Types;
using Talreg.Api.Http;

namespace Talreg.Api.Recordings;

/// <summary>Packets as an Arrow stream, a batch at a time.</summary>
/// <remarks>
/// RTCP, and what is no RTP packet, has null in <c>ssrc</c> to <c>payloadType</c> and all its bytes in <c>payload</c>.
/// </remarks>
internal sealed class PacketArrow
{
    public const int BatchPackets = 1024;
    public const int BatchBytes = 1024 * 1024;

    private static readonly TimestampType Nanosecond = new(TimeUnit.Nanosecond, "UTC");

    private static readonly Schema Schema = new(
        [
            new Field("take", StringType.Default, nullable: false),
            new Field("stream", Int32Type.Default, nullable: false),
            new Field("arrival", Nanosecond, nullable: false),
            new Field("source", StringType.Default, nullable: false),
            new Field("flags", UInt8Type.Default, nullable: false),
            new Field("ssrc", UInt32Type.Default, nullable: true),
            new Field("sequence", UInt16Type.Default, nullable: true),
            new Field("rtpTimestamp", UInt32Type.Default, nullable: true),
            new Field("payloadType", UInt8Type.Default, nullable: true),
            new Field("payload", BinaryType.Default, nullable: false),
        ],
        null);

    private readonly StringArray.Builder _take = new();
    private readonly Int32Array.Builder _stream = new();
    private readonly Int64Array.Builder _arrival = new();
    private readonly StringArray.Builder _source = new();
    private readonly UInt8Array.Builder _flags = new();
    private readonly UInt32Array.Builder _ssrc = new();
    private readonly UInt16Array.Builder _sequence = new();
    private readonly UInt32Array.Builder _rtpTimestamp = new();
    private readonly UInt8Array.Builder _payloadType = new();
    private readonly BinaryArray.Builder _payload = new();
    private int _count;
    private int _bytes;

    /// <summary>Writes all packets. Holds at most one batch of them.</summary>
    public static async ValueTask WriteAsync(
        IAsyncEnumerable<RecordedPacket> packets, Stream destination, CancellationToken cancellationToken)
    {
        using var stream = new ArrowStream(destination, Schema);
        var batch = new PacketArrow();
        await foreach (var packet in packets.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            batch.Append(packet);
            if (batch._count == BatchPackets || batch._bytes >= BatchBytes)
            {
                await stream.WriteAsync(batch.Build(), cancellationToken).ConfigureAwait(false);
                batch = new PacketArrow();
            }
        }

        if (batch._count > 0)
        {
            await stream.WriteAsync(batch.Build(), cancellationToken).ConfigureAwait(false);
        }

        await stream.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Append(in RecordedPacket packet)
    {
        var bytes = packet.Bytes.Span;
        _take.Append(packet.Take.ToString());
        _stream.Append(packet.Stream);
        _arrival.Append(packet.ArrivalUnixNanoseconds);
        _source.Append(packet.Source.ToString());
        _flags.Append((byte)packet.Flags);
        if (!packet.Flags.HasFlag(RecordedPacketFlags.Rtcp) && RtpFields.TryParse(bytes, out var fields))
        {
            _ssrc.Append(fields.Ssrc);
            _sequence.Append(fields.Sequence);
            _rtpTimestamp.Append(fields.Timestamp);
            _payloadType.Append(fields.PayloadType);
            _payload.Append(bytes[fields.Payload]);
        }
        else
        {
            _ssrc.AppendNull();
            _sequence.AppendNull();
            _rtpTimestamp.AppendNull();
            _payloadType.AppendNull();
            _payload.Append(bytes);
        }

        _count++;
        _bytes += bytes.Length;
    }

    private RecordBatch Build()
    {
        // The timestamp builder takes whole DateTimeOffsets, 100 ns each; the column is the same 64-bit integers.
        var arrival = _arrival.Build();
        var stamps = new TimestampArray(Nanosecond, arrival.ValueBuffer, ArrowBuffer.Empty, _count, 0, 0);
        return new RecordBatch(
            Schema,
            [
                _take.Build(), _stream.Build(), stamps, _source.Build(), _flags.Build(), _ssrc.Build(),
                _sequence.Build(), _rtpTimestamp.Build(), _payloadType.Build(), _payload.Build(),
            ],
            _count);
    }
}
