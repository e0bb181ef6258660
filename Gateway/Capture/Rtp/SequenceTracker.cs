namespace Talreg.Capture.Rtp;

/// <summary>How a packet stands to those before it.</summary>
internal enum SequenceVerdict
{
    /// <summary>Newer than all before.</summary>
    InOrder,

    /// <summary>Came after its successor.</summary>
    Late,

    /// <summary>Was there already.</summary>
    Duplicate,
}

/// <summary>
/// Sequence numbers of one SSRC, extended over wraps (RFC 3550 A.1). A number is extended to the value nearest to the
/// highest before it, so a jump of 32,768 or more is one backwards. A bit per number makes the count of missing ones exact.
/// </summary>
internal sealed class SequenceTracker
{
    private const int Words = 65536 / 64;

    private readonly ulong[] _seen = new ulong[Words];
    private long _lowest;
    private long _highest;
    private long _distinct;

    internal uint Ssrc { get; private set; }

    internal long Highest => _highest;

    /// <summary>Extended numbers missing between the lowest and the highest.</summary>
    internal long Lost => _distinct == 0 ? 0 : _highest - _lowest + 1 - _distinct;

    /// <summary>True when a number within half a turn of the highest has been seen.</summary>
    internal bool Has(long extended) => (_seen[(extended >> 6) & (Words - 1)] & (1UL << (int)(extended & 63))) != 0;

    /// <summary>Forgets everything and begins a lineage; its first packet comes with <see cref="Add"/>.</summary>
    internal void Begin(uint ssrc)
    {
        Ssrc = ssrc;
        _distinct = 0;
        Array.Clear(_seen);
    }

    /// <summary>Counts a packet.</summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="extended">Its extended number.</param>
    /// <param name="skipped">Numbers left out between it and the highest before.</param>
    internal SequenceVerdict Add(ushort sequence, out long extended, out long skipped)
    {
        skipped = 0;
        if (_distinct == 0)
        {
            extended = sequence;
            _lowest = _highest = sequence;
            Take(sequence);
            return SequenceVerdict.InOrder;
        }

        var distance = (short)(ushort)(sequence - (ushort)_highest);
        extended = _highest + distance;
        if (distance > 0)
        {
            Forget(_highest + 1, extended - 1);
            _highest = extended;
            skipped = distance - 1;
            Take(sequence);
            return SequenceVerdict.InOrder;
        }

        if ((_seen[sequence >> 6] & (1UL << (sequence & 63))) != 0)
        {
            return SequenceVerdict.Duplicate;
        }

        _lowest = Math.Min(_lowest, extended);
        Take(sequence);
        return SequenceVerdict.Late;
    }

    /// <summary>Counts the packet that follows the highest.</summary>
    internal void AddNext()
    {
        _highest++;
        Take((ushort)_highest);
    }

    private void Take(ushort sequence)
    {
        _seen[sequence >> 6] |= 1UL << (sequence & 63);
        _distinct++;
    }

    // Numbers passed over have not been seen in this turn of the counter. Word by word: a jump may be long.
    private void Forget(long from, long to)
    {
        while (from <= to)
        {
            var bit = (int)(from & 63);
            var count = (int)Math.Min(64 - bit, to - from + 1);
            var mask = count == 64 ? ulong.MaxValue : ((1UL << count) - 1) << bit;
            _seen[(from >> 6) & (Words - 1)] &= ~mask;
            from += count;
        }
    }
}
