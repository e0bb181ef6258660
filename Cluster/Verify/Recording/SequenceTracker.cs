using System.Buffers.Binary;

namespace Talreg.Verify;

/// <summary>
/// Counts the sequence numbers missing in one stream, per SSRC, with numbers extended past 16 bits (RFC 3550 §6.4.1, A.1).
/// </summary>
internal sealed class SequenceTracker
{
    private const int RtpHeaderLength = 12;
    private readonly Dictionary<uint, Lineage> _lineages = [];

    /// <summary>True when more SSRCs came than are followed: the count is then not to be had.</summary>
    public bool TooManySsrcs { get; private set; }

    public long Missing => _lineages.Values.Sum(l => l.Missing);

    public int Ssrcs => _lineages.Count;

    /// <summary>Takes up a media packet; one that is not RTP version 2 has no number and is passed over.</summary>
    public void Add(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < RtpHeaderLength || packet[0] >> 6 != 2)
        {
            return;
        }

        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        if (!_lineages.TryGetValue(ssrc, out var lineage))
        {
            if (_lineages.Count >= Limits.MaxSsrcsPerStream)
            {
                TooManySsrcs = true;
                return;
            }

            lineage = _lineages[ssrc] = new Lineage();
        }

        lineage.Add(BinaryPrimitives.ReadUInt16BigEndian(packet[2..]));
    }

    /// <summary>
    /// One SSRC. A number is taken for the nearest one to the highest so far, so everything that can still come lies
    /// within 65,536 numbers: one bit each is enough to tell a duplicate from a late packet.
    /// </summary>
    private sealed class Lineage
    {
        private const int Span = 1 << 16;
        private readonly ulong[] _seen = new ulong[Span / 64];
        private long _highest = -1;
        private long _lowest;
        private long _distinct;

        public long Missing => _highest - _lowest + 1 - _distinct;

        public void Add(ushort sequence)
        {
            // Started one turn up, so that numbers before the first stay positive.
            var number = _highest < 0 ? Span + sequence : _highest + (short)(sequence - (ushort)_highest);
            if (_highest < 0)
            {
                (_lowest, _highest) = (number, number);
            }

            for (; _highest < number; _highest++)
            {
                Clear((ushort)(_highest + 1));
            }

            _lowest = Math.Min(_lowest, number);
            ref var word = ref _seen[sequence >> 6];
            var bit = 1UL << (sequence & 63);
            if ((word & bit) == 0)
            {
                word |= bit;
                _distinct++;
            }
        }

        private void Clear(ushort sequence) => _seen[sequence >> 6] &= ~(1UL << (sequence & 63));
    }
}
