namespace Talreg.Media.Codecs;

/// <summary>How an AMR payload is packed (RFC 4867 §4.3, §4.4).</summary>
internal enum AmrPacking
{
    /// <summary>It is neither.</summary>
    Unreadable,

    /// <summary>Fields follow each other bit by bit; the default when SDP says nothing.</summary>
    BandwidthEfficient,

    /// <summary>Every field fills whole bytes: <c>octet-align=1</c>.</summary>
    OctetAligned,
}

/// <summary>
/// Takes the frames out of an AMR or AMR-WB payload (RFC 4867 §4.3, §4.4). Interleaving, robust sorting and checksums, which SDP
/// must ask for, are not read.
/// <code>
///   bandwidth-efficient             octet-aligned
///   +----+-+----+-+- ... -+---+     +----+----+ +-+----+-+--+ ... +--------+
///   | CMR|F| FT |Q| bits  |pad|     | CMR|0000| |F| FT |Q|00| ... |  bytes |
///   +----+-+----+-+- ... -+---+     +----+----+ +-+----+-+--+ ... +--------+
/// </code>
/// F = 1: another entry of the table of contents follows. Q = 0: the frame is damaged.
/// </summary>
internal static class AmrPayload
{
    /// <summary>Frames one packet may hold: more than 240 ms is no call's.</summary>
    public const int MaxFrames = 12;

    private const int ModeRequestBits = 4;
    private const int EntryBits = 6;

    /// <summary>
    /// Tells how a payload is packed: as SDP says if it then reads to exactly its end, else the other way. Read the wrong
    /// way, its table of contents does not fit its length, or, for the shortest mode alone, says that the frame is
    /// damaged.
    /// </summary>
    /// <param name="mode">AMR or AMR-WB.</param>
    /// <param name="payload">The RTP payload.</param>
    /// <param name="agreed">What SDP says.</param>
    public static AmrPacking Recognise(AmrMode mode, ReadOnlySpan<byte> payload, AmrPacking agreed)
    {
        var other = agreed == AmrPacking.OctetAligned ? AmrPacking.BandwidthEfficient : AmrPacking.OctetAligned;
        var asAgreed = Reads(mode, payload, agreed);
        var asOther = asAgreed == Reading.Sound ? Reading.None : Reads(mode, payload, other);
        return asOther > asAgreed ? other
            : asAgreed == Reading.None ? AmrPacking.Unreadable
            : agreed;
    }

    /// <summary>Counts the frames; 0 for a payload that cannot be read.</summary>
    public static int CountFrames(
        AmrMode mode, ReadOnlySpan<byte> payload, AmrPacking agreed = AmrPacking.BandwidthEfficient)
    {
        Span<byte> entries = stackalloc byte[MaxFrames];
        var packing = Recognise(mode, payload, agreed);
        return packing != AmrPacking.Unreadable && TryReadEntries(mode, payload, packing, entries, out var frames)
            ? frames
            : 0;
    }

    /// <summary>Writes the speech frames as a file holds them, and says which of the packet's frames they are.</summary>
    /// <param name="mode">AMR or AMR-WB.</param>
    /// <param name="payload">The RTP payload.</param>
    /// <param name="file">Gets each speech frame: the entry as a byte, then the speech bits, padded.</param>
    /// <param name="spoken">A bit for each frame that was written, the first frame lowest.</param>
    /// <param name="agreed">How SDP says that it is packed.</param>
    /// <returns>The number of frames, spoken or not.</returns>
    public static int WriteSpeech(
        AmrMode mode,
        ReadOnlySpan<byte> payload,
        Stream file,
        out int spoken,
        AmrPacking agreed = AmrPacking.BandwidthEfficient)
    {
        spoken = 0;
        Span<byte> entries = stackalloc byte[MaxFrames];
        var packing = Recognise(mode, payload, agreed);
        if (packing == AmrPacking.Unreadable || !TryReadEntries(mode, payload, packing, entries, out var frames))
        {
            return 0;
        }

        var aligned = packing == AmrPacking.OctetAligned;
        var at = aligned ? 8 * (1 + frames) : ModeRequestBits + (EntryBits * frames);
        Span<byte> frame = stackalloc byte[64];
        for (var i = 0; i < frames; i++)
        {
            var type = entries[i] >> 1;
            var bits = mode.Bits(type);
            if ((entries[i] & 1) != 0 && type < mode.Noise)
            {
                var bytes = (bits + 7) / 8;
                for (var b = 0; b < bytes; b++)
                {
                    frame[b] = (byte)ReadBits(payload, at + (8 * b), Math.Min(8, bits - (8 * b)), 8);
                }

                file.WriteByte((byte)(entries[i] << 2));
                file.Write(frame[..bytes]);
                spoken |= 1 << i;
            }

            at += aligned ? (bits + 7) / 8 * 8 : bits;
        }

        return frames;
    }

    private static Reading Reads(AmrMode mode, ReadOnlySpan<byte> payload, AmrPacking packing)
    {
        Span<byte> entries = stackalloc byte[MaxFrames];
        return !TryReadEntries(mode, payload, packing, entries, out var frames) ? Reading.None
            : (entries[frames - 1] & 1) == 0 ? Reading.Damaged
            : Reading.Sound;
    }

    private enum Reading
    {
        None,
        Damaged,
        Sound,
    }

    // An entry is FT and Q in five bits.
    private static bool TryReadEntries(
        AmrMode mode, ReadOnlySpan<byte> payload, AmrPacking packing, Span<byte> entries, out int frames)
    {
        frames = 0;
        var aligned = packing == AmrPacking.OctetAligned;
        var at = aligned ? 8 : ModeRequestBits;
        var data = 0;
        if (aligned && (payload.IsEmpty || (payload[0] & 0x0F) != 0))
        {
            return false;
        }

        for (var count = 0; count < MaxFrames; count++)
        {
            var width = aligned ? 8 : EntryBits;
            if (at + width > 8 * payload.Length)
            {
                return false;
            }

            var entry = ReadBits(payload, at, width, EntryBits + (aligned ? 2 : 0));
            if (aligned && (entry & 3) != 0)
            {
                return false;
            }

            entry >>= aligned ? 2 : 0;
            var bits = mode.Bits((entry >> 1) & 0x0F);
            if (bits < 0)
            {
                return false;
            }

            entries[count] = (byte)(entry & 0x1F);
            data += aligned ? (bits + 7) / 8 * 8 : bits;
            at += width;
            if ((entry & 0x20) == 0)
            {
                frames = (at + data + 7) / 8 == payload.Length ? count + 1 : 0;
                return frames > 0;
            }
        }

        return false;
    }

    // Bits from the most significant on; a value shorter than its field is padded with zeros behind.
    private static int ReadBits(ReadOnlySpan<byte> bytes, int at, int count, int field)
    {
        var value = 0;
        for (var i = at; i < at + count; i++)
        {
            value = (value << 1) | ((bytes[i >> 3] >> (7 - (i & 7))) & 1);
        }

        return value << (field - count);
    }
}
