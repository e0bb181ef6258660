using Talreg.Media.Rtp;

namespace Talreg.Media.Merge;

/// <summary>
/// Names one packet of a stream. Sequence number and timestamp together stand for the extended sequence number: they
/// meet again only when both have come round, after 149 hours at 8000 Hz, and no take is rendered that is longer than
/// twelve.
/// </summary>
internal readonly record struct PacketKey(uint Ssrc, uint Timestamp, ushort Sequence)
{
    public static PacketKey Of(in RtpPacketView rtp) => new(rtp.Ssrc, rtp.Timestamp, rtp.SequenceNumber);
}

/// <summary>How the numbers of one source become those of another.</summary>
/// <param name="Ssrc">The source that is joined.</param>
/// <param name="ToSsrc">The source it is laid upon.</param>
/// <param name="Sequence">What is taken from its sequence numbers, modulo 2^16.</param>
/// <param name="Timestamp">What is taken from its timestamps, modulo 2^32.</param>
internal sealed record SourceMap(uint Ssrc, uint ToSsrc, ushort Sequence, uint Timestamp)
{
    /// <summary>Payload types as the other take numbers them.</summary>
    public required IReadOnlyDictionary<byte, byte> PayloadTypes { get; init; }

    public PacketKey Apply(PacketKey key) =>
        new(ToSsrc, key.Timestamp - Timestamp, (ushort)(key.Sequence - Sequence));
}
