using System.Buffers.Binary;

namespace Talreg.Capture.Rtcp;

/// <summary>
/// Writes a compound packet in place: a receiver report, what the recorder is called, and in the end that it leaves.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |V=2|P|    RC   |   PT=RR=201   |             length            |   RFC 3550 §6.4.2
/// |                     SSRC of packet sender                     |
/// |                 SSRC_1 (SSRC of first source)                 |   a block for each source
/// | fraction lost |       cumulative number of packets lost       |
/// |           extended highest sequence number received           |
/// |                      interarrival jitter                      |
/// |                         last SR (LSR)                         |
/// |                   delay since last SR (DLSR)                  |
/// |V=2|P|    SC   |  PT=SDES=202  |             length            |   §6.5: CNAME, in every compound packet (§6.1)
/// |V=2|P|    SC   |   PT=BYE=203  |             length            |   §6.6
/// </code>
/// </summary>
internal ref struct ReportWriter
{
    /// <summary>Room for the longest: header, blocks of every source, SDES and BYE.</summary>
    internal const int MaxSize = 8 + (Reception.MaxSources * BlockSize) + 12 + MaxNameSize + 8;

    /// <summary>The longest CNAME, in bytes.</summary>
    internal const int MaxNameSize = 32;

    private const int BlockSize = 24;
    private const int MostLost = 0x7F_FFFF;
    private const int FewestLost = -0x80_0000;
    private const byte Version = 0x80;
    private const byte CanonicalName = 1;

    private readonly Span<byte> _buffer;
    private readonly uint _ssrc;
    private int _blocks;

    /// <summary>Begins a report of ours.</summary>
    internal ReportWriter(Span<byte> buffer, uint ssrc)
    {
        _buffer = buffer;
        _ssrc = ssrc;
        Length = 8;
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], ssrc);
    }

    /// <summary>Bytes written.</summary>
    internal int Length { get; private set; }

    /// <summary>Adds a block.</summary>
    /// <param name="source">What came.</param>
    /// <param name="before">The same at the last report; a default one where there was none, or it began to count anew.</param>
    /// <param name="jitter">Its jitter, in timestamp units.</param>
    /// <param name="nowNs">Monotonic time.</param>
    internal void AddBlock(ReceptionSource source, in ReportMark before, uint jitter, long nowNs)
    {
        var block = _buffer.Slice(Length, BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(block, source.Ssrc);

        // Eight bits of fraction before 24 of a signed sum: late and duplicate packets may bring it below zero (A.3).
        var lost = Math.Clamp(source.Expected - source.Received, FewestLost, MostLost);
        var fraction = before.FractionLost(source);
        BinaryPrimitives.WriteUInt32BigEndian(block[4..], (uint)(fraction << 24) | ((uint)lost & 0xFF_FFFF));
        BinaryPrimitives.WriteUInt32BigEndian(block[8..], (uint)source.Highest);
        BinaryPrimitives.WriteUInt32BigEndian(block[12..], jitter);
        BinaryPrimitives.WriteUInt32BigEndian(block[16..], source.LastReport);
        BinaryPrimitives.WriteUInt32BigEndian(
            block[20..], source.LastReport == 0 ? 0 : ToUnits(nowNs - source.LastReportNs));
        Length += BlockSize;
        _blocks++;
    }

    /// <summary>Ends the report: our name, and our leaving where it is the last.</summary>
    /// <param name="name">The CNAME, at most <see cref="MaxNameSize"/> bytes.</param>
    /// <param name="bye">True for the last.</param>
    internal void Finish(ReadOnlySpan<byte> name, bool bye)
    {
        WriteHeader(_buffer, _blocks, RtcpReader.ReceiverReportType, Length);

        // An item list ends with a zero byte and is filled up with zeros to a word.
        var description = _buffer[Length..];
        var size = 8 + ((2 + name.Length + 1 + 3) & ~3);
        description[8..size].Clear();
        WriteHeader(description, 1, RtcpReader.DescriptionType, size);
        BinaryPrimitives.WriteUInt32BigEndian(description[4..], _ssrc);
        description[8] = CanonicalName;
        description[9] = (byte)name.Length;
        name.CopyTo(description[10..]);
        Length += size;
        if (bye)
        {
            var leaving = _buffer[Length..];
            WriteHeader(leaving, 1, RtcpReader.ByeType, 8);
            BinaryPrimitives.WriteUInt32BigEndian(leaving[4..], _ssrc);
            Length += 8;
        }
    }

    private static void WriteHeader(Span<byte> packet, int count, byte type, int size)
    {
        packet[0] = (byte)(Version | count);
        packet[1] = type;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)((size / 4) - 1));
    }

    // Units of 1/65536 s.
    private static uint ToUnits(long ns) => (uint)Math.Clamp(ns / 1e9 * 65_536, 0, uint.MaxValue);
}

/// <summary>What a source had come to at the last report.</summary>
/// <param name="Expected">Packets expected by then.</param>
/// <param name="Received">Packets received by then.</param>
/// <param name="Restarts">How often it had begun to count anew.</param>
internal readonly record struct ReportMark(long Expected, long Received, int Restarts)
{
    /// <summary>Takes a mark.</summary>
    internal static ReportMark Of(ReceptionSource source) =>
        new(source.Expected, source.Received, source.Restarts);

    /// <summary>Lost since, of 256 expected since; duplicates may hide it, never below zero (RFC 3550 A.3).</summary>
    internal int FractionLost(ReceptionSource source)
    {
        var expected = source.Expected - Expected;
        var lost = expected - (source.Received - Received);
        return expected <= 0 || lost <= 0 ? 0 : (int)Math.Min((lost << 8) / expected, byte.MaxValue);
    }
}
