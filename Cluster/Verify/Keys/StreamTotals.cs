namespace Talreg.Verify;

/// <summary>What a walk over a take counts in one stream.</summary>
internal sealed class StreamTotals
{
    /// <summary>Packets by the chunk headers.</summary>
    public long HeaderPackets { get; set; }

    public long Chunks { get; set; }

    /// <summary>Chunks whose plain text was not read: withheld, or refused.</summary>
    public long Unread { get; set; }

    /// <summary>Media packets of the stream's own source, duplicates and late ones counted.</summary>
    public long Media { get; private set; }

    public long ForeignMedia { get; private set; }

    public long ForeignControl { get; private set; }

    public SequenceTracker Sequence { get; } = new();

    public void Add(ReadOnlySpan<byte> packet, bool rtcp, bool foreign)
    {
        if (foreign)
        {
            _ = rtcp ? ForeignControl++ : ForeignMedia++;
        }
        else if (!rtcp)
        {
            Media++;
            Sequence.Add(packet);
        }
    }
}
