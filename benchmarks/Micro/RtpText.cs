using System.Buffers.Binary;
using System.Net;
using Talreg.Evidence.Chunks;

namespace Talreg.Benchmarks.Micro;

/// <summary>The plain text of a chunk: one source and ten RTP packets of G.711, numbered on from chunk to chunk.</summary>
internal static class RtpText
{
    private const long PacketNs = 20_000_000;
    private const int SamplesPerPacket = 160;

    private static readonly IPEndPoint Source = new(IPAddress.Loopback, 4000);

    /// <summary>The text of a stream's chunk.</summary>
    /// <param name="stream">The stream, which is its SSRC too.</param>
    /// <param name="number">Which chunk of the stream, from 0.</param>
    /// <param name="firstNs">Arrival of its first packet.</param>
    internal static byte[] Of(int stream, int number, long firstNs)
    {
        var frames = Steps.PacketsPerChunk * FrameWriter.FrameSize(Steps.PacketBytes);
        var text = new byte[FrameWriter.SourceFrameSize(4) + frames];
        var length = FrameWriter.WriteSource(text, 0, Source, firstNs);
        Span<byte> packet = stackalloc byte[Steps.PacketBytes];
        for (var i = 0; i < Steps.PacketsPerChunk; i++)
        {
            var sequence = (number * Steps.PacketsPerChunk) + i;
            packet[0] = 0x80;
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)sequence);
            BinaryPrimitives.WriteUInt32BigEndian(packet[4..], (uint)(sequence * SamplesPerPacket));
            BinaryPrimitives.WriteInt32BigEndian(packet[8..], stream + 1);
            length += FrameWriter.WriteFrame(
                text.AsSpan(length), FrameFlags.None, 0, firstNs + (i * PacketNs), packet);
        }

        return text;
    }
}
