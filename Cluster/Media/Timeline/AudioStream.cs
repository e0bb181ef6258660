namespace Talreg.Media.Timeline;

/// <summary>One RTP packet as it was stored.</summary>
/// <param name="ArrivalNs">When it arrived: monotonic nanoseconds, the clock of the take's start and end.</param>
/// <param name="Packet">The packet as received. Kept by reference: unchanged as long as the audio is read.</param>
public readonly record struct StoredPacket(long ArrivalNs, ReadOnlyMemory<byte> Packet);

/// <summary>One stream of a take, as the recording holds it.</summary>
public sealed record AudioStream
{
    /// <summary>The stream's name in notes and reports: the SDP label.</summary>
    public required string Label { get; init; }

    /// <summary>The encoding name that was offered first, for example <c>PCMA</c>.</summary>
    public required string Codec { get; init; }

    /// <summary>The RTP clock rate of <see cref="Codec"/>, in Hz.</summary>
    public int ClockRate { get; init; } = 8000;

    /// <summary>
    /// Payload type → what SDP said of it. Types that are missing fall back to the static table of RFC 3551 §6.
    /// </summary>
    public IReadOnlyDictionary<byte, PayloadFormat> PayloadTypes { get; init; } =
        new Dictionary<byte, PayloadFormat>();

    /// <summary>RTP packets in stored order, without RTCP and without packets of foreign sources.</summary>
    public required IReadOnlyList<StoredPacket> Packets { get; init; }

    /// <summary>
    /// RTCP packets of the stream's sender in stored order: its reports tie timestamps to its wall clock (RFC 3550 §6.4.1).
    /// </summary>
    public IReadOnlyList<StoredPacket> Control { get; init; } = [];
}

/// <summary>What placing one stream came to; the numbers are packets unless said otherwise.</summary>
public sealed record TimelineReport
{
    /// <summary>The stream's label.</summary>
    public required string Label { get; init; }

    /// <summary>Packets given.</summary>
    public int Packets { get; init; }

    /// <summary>Packets whose samples are heard.</summary>
    public int Placed { get; init; }

    /// <summary>Packets that are not RTP.</summary>
    public int Malformed { get; init; }

    /// <summary>Packets wholly covered by an earlier one: duplicates and retransmissions.</summary>
    public int Duplicates { get; init; }

    /// <summary>Single packets whose timestamp fits nothing around them; not placed.</summary>
    public int Strays { get; init; }

    /// <summary>Comfort noise and telephone events: heard as silence.</summary>
    public int SilentPackets { get; init; }

    /// <summary>Packets that cannot be decoded, by their codec or what they hold: heard as silence.</summary>
    public int Undecodable { get; init; }

    /// <summary>Packets ignored because the stream changed its SSRC too often.</summary>
    public int TooManySources { get; init; }

    /// <summary>How often the position was set anew from the arrival clock, first packets not counted.</summary>
    public int Reanchored { get; init; }

    /// <summary>True where a source's sender reports were believed: its packets stand by them and not by their arrivals.</summary>
    public bool SenderClock { get; init; }

    /// <summary>Samples inserted (silence) because the sender's clock was slow.</summary>
    public int SamplesInserted { get; init; }

    /// <summary>Samples dropped because the sender's clock was fast.</summary>
    public int SamplesDropped { get; init; }

    /// <summary>
    /// Named remarks for a person, for example <c>unknownCodec: payload type 18 (G729), 500 packets</c>.
    /// </summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
