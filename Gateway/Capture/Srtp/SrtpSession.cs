using System.Buffers.Binary;

namespace Talreg.Capture.Srtp;

/// <summary>
/// One master key and the sources heard under it. Nothing is remembered of a packet before its tag is found right, so a
/// forged one changes nothing. One thread.
/// </summary>
internal sealed class SrtpSession(SrtpKeys keys) : IDisposable
{
    /// <summary>The most SSRCs under one key.</summary>
    internal const int MaxSources = 16;

    private const int RtpHeaderSize = 12;
    private const int RtcpHeaderSize = 8;
    private const int MaxGuesses = 3;
    private const long LastIndex = (1L << 48) - 1;

    private readonly SrtpCipher _cipher = SrtpCipher.Create(keys);
    private readonly SrtpSource?[] _sources = new SrtpSource?[MaxSources];

    internal SrtpKeys Keys { get; } = keys;

    /// <summary>Opens an RTP packet in place.</summary>
    /// <param name="packet">A datagram that was found to be RTP with a whole header.</param>
    /// <param name="before">What another key knows of the same source: its rollover counter may go on.</param>
    /// <param name="workspace">Memory.</param>
    /// <param name="length">Length of what is left.</param>
    internal SrtpVerdict Open(
        Span<byte> packet, SrtpSession? before, SrtpWorkspace workspace, out int length)
    {
        length = 0;
        var header = HeaderLength(packet);
        if (header + _cipher.RtpOverhead > packet.Length)
        {
            return SrtpVerdict.TooShort;
        }

        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        var sequence = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var source = Find(ssrc);
        Span<long> guesses = stackalloc long[MaxGuesses];
        var count = Guess(source, before?.Find(ssrc), sequence, guesses);
        var verdict = SrtpVerdict.BadTag;
        foreach (var index in guesses[..count])
        {
            var allowed = source?.Rtp.Check(index) ?? SrtpVerdict.Authentic;
            if (allowed != SrtpVerdict.Authentic)
            {
                verdict = allowed;
                continue;
            }

            if (_cipher.TryOpen(packet, header, index, workspace, out length))
            {
                return Accept(source, ssrc, index, rtcp: false);
            }
        }

        return verdict;
    }

    /// <summary>Opens an RTCP packet in place; its index stands in it.</summary>
    internal SrtpVerdict OpenRtcp(Span<byte> packet, SrtpWorkspace workspace, out int length)
    {
        length = 0;
        if (RtcpHeaderSize + _cipher.RtcpOverhead > packet.Length)
        {
            return SrtpVerdict.TooShort;
        }

        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        var word = BinaryPrimitives.ReadUInt32BigEndian(packet[^_cipher.RtcpIndexFromEnd..]);
        var index = (long)(word & 0x7FFF_FFFF);
        var source = Find(ssrc);
        var allowed = source?.Rtcp.Check(index) ?? SrtpVerdict.Authentic;
        return allowed != SrtpVerdict.Authentic ? allowed
            : _cipher.TryOpenRtcp(packet, workspace, out length) ? Accept(source, ssrc, index, rtcp: true)
            : SrtpVerdict.BadTag;
    }

    /// <inheritdoc />
    public void Dispose() => _cipher.Dispose();

    private static int HeaderLength(ReadOnlySpan<byte> packet)
    {
        var length = RtpHeaderSize + (4 * (packet[0] & 0x0F));
        return (packet[0] & 0x10) == 0
            ? length
            : length + 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]));
    }

    // A known source has one likely index; a second is tried because over half a turn may have been lost. A new one may have
    // been heard under the key before, else begins with rollover counter 0, or with 1 when it wrapped before its first
    // packet came. The tag decides; what a forged packet can cost is bounded by the number of guesses.
    private static int Guess(SrtpSource? source, SrtpSource? before, ushort sequence, Span<long> guesses)
    {
        var count = 0;
        if (source is not null && source.Rtp.Highest >= 0)
        {
            var likely = SrtpSource.Estimate(source.Rtp.Highest, sequence);
            guesses[count++] = likely;
            count = AddGuess(guesses, count, likely + 65_536);
            return count;
        }

        if (before is not null && before.Rtp.Highest >= 0)
        {
            guesses[count++] = SrtpSource.Estimate(before.Rtp.Highest, sequence);
        }

        count = AddGuess(guesses, count, sequence);
        return AddGuess(guesses, count, sequence + 65_536L);
    }

    private static int AddGuess(Span<long> guesses, int count, long index)
    {
        if (index > LastIndex || guesses[..count].Contains(index))
        {
            return count;
        }

        guesses[count] = index;
        return count + 1;
    }

    private SrtpSource? Find(uint ssrc)
    {
        foreach (var source in _sources)
        {
            if (source is null || source.Ssrc == ssrc)
            {
                return source;
            }
        }

        return null;
    }

    private SrtpVerdict Accept(SrtpSource? source, uint ssrc, long index, bool rtcp)
    {
        if (source is null)
        {
            var free = Array.IndexOf(_sources, null);
            if (free < 0)
            {
                return SrtpVerdict.TooManySources;
            }

            source = _sources[free] = new SrtpSource(ssrc);
        }

        if (rtcp)
        {
            source.Rtcp.Accept(index);
        }
        else
        {
            source.Rtp.Accept(index);
        }

        return SrtpVerdict.Authentic;
    }
}
