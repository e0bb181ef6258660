using System.Buffers.Binary;

namespace Talreg.Verify;

/// <summary>Reads the frames of an opened chunk (FORMAT §2, plain text).</summary>
internal static class ChunkFrames
{
    private const int FrameHeaderLength = 12;
    private const byte Rtcp = 0x01;
    private const byte Foreign = 0x02;
    private const byte Estimated = 0x04;
    private const byte Source = 0x80;
    private const int MaxSources = 256;

    /// <summary>Counts the frames and follows the sequence numbers of media packets.</summary>
    /// <returns>Null, or what is wrong with them.</returns>
    public static string? Read(ReadOnlySpan<byte> plain, StreamTotals totals, out long packets)
    {
        packets = 0;
        var (sources, at) = (0, 0);
        while (at < plain.Length)
        {
            var rest = plain[at..];
            if (rest.Length < FrameHeaderLength)
            {
                return $"a frame header is cut short at byte {at}";
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            var (flags, source) = (rest[2], rest[3]);
            if (length > rest.Length - FrameHeaderLength)
            {
                return $"a frame at byte {at} reaches beyond the chunk";
            }

            if ((flags & ~(Rtcp | Foreign | Estimated | Source)) != 0)
            {
                return $"a frame at byte {at} has reserved flags";
            }

            var body = rest.Slice(FrameHeaderLength, length);
            at += FrameHeaderLength + length;
            if ((flags & Source) != 0)
            {
                if (flags != Source || source != sources || sources >= MaxSources || length is not (6 or 18))
                {
                    return $"the source defined before byte {at} is malformed or out of order";
                }

                sources++;
                continue;
            }

            if (source >= sources)
            {
                return $"the packet before byte {at} names a source that is not defined";
            }

            packets++;
            totals.Add(body, rtcp: (flags & Rtcp) != 0, foreign: (flags & Foreign) != 0);
        }

        return null;
    }
}
