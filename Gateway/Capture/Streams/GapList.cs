namespace Talreg.Capture.Streams;

/// <summary>
/// What is missing from a stream and why: bounded, neighbours merged. Written by the shard's thread under the stream's
/// version; allocates only while it grows to its bound.
/// </summary>
internal sealed class GapList
{
    /// <summary>The most gaps of a stream; beyond it the latest of the same reason grows instead.</summary>
    internal const int Max = 64;

    private const int Reasons = 4;
    private const long MergeNs = 1_000_000_000;

    private Entry[] _entries = new Entry[4];
    private int _count;

    /// <summary>Declares packets missing, or time without recording.</summary>
    internal void Add(
        GapReason reason, long fromNs, long toNs, long packets, uint ssrc = 0, long from = 0, long to = -1)
    {
        var last = Find(reason, ssrc);
        if (last >= 0 && (fromNs - _entries[last].ToNs <= MergeNs || _count >= Max - Reasons))
        {
            ref var entry = ref _entries[last];
            entry.FromNs = Math.Min(entry.FromNs, fromNs);
            entry.ToNs = Math.Max(entry.ToNs, toNs);
            entry.Packets += packets;
            entry.To = Math.Max(entry.To, to);
            return;
        }

        if (_count >= Max)
        {
            // Many sources and every place taken: time and number are kept, the source is not.
            ref var entry = ref _entries[FindAny(reason)];
            entry.ToNs = Math.Max(entry.ToNs, toNs);
            entry.Packets += packets;
            return;
        }

        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _entries.Length * 2);
        }

        _entries[_count++] = new Entry
        {
            Reason = reason, FromNs = fromNs, ToNs = toNs, Packets = packets, Ssrc = ssrc, From = from, To = to,
        };
    }

    /// <summary>A packet that was missing has come late.</summary>
    internal void Fill(uint ssrc, long extended)
    {
        for (var i = _count - 1; i >= 0; i--)
        {
            ref var entry = ref _entries[i];
            if (entry.Reason is GapReason.Network or GapReason.Kernel
                && entry.Ssrc == ssrc && entry.From <= extended && extended <= entry.To && entry.Packets > 0)
            {
                if (--entry.Packets == 0)
                {
                    Array.Copy(_entries, i + 1, _entries, i, _count - i - 1);
                    _count--;
                }

                return;
            }
        }
    }

    /// <summary>Copies the gaps out; may be called while they change, then the copy is to be thrown away.</summary>
    internal CaptureGap[] Copy(int stream, long realTimeOffsetNs)
    {
        var entries = _entries;
        var gaps = new CaptureGap[Math.Min(Volatile.Read(ref _count), entries.Length)];
        for (var i = 0; i < gaps.Length; i++)
        {
            var entry = entries[i];
            gaps[i] = new CaptureGap(
                stream,
                entry.Reason,
                StreamSnapshot.ToTime(entry.FromNs + realTimeOffsetNs),
                StreamSnapshot.ToTime(entry.ToNs + realTimeOffsetNs),
                entry.Packets);
        }

        return gaps;
    }

    private int Find(GapReason reason, uint ssrc)
    {
        var i = _count - 1;
        while (i >= 0 && (_entries[i].Reason != reason || _entries[i].Ssrc != ssrc))
        {
            i--;
        }

        return i;
    }

    private int FindAny(GapReason reason)
    {
        var i = _count - 1;
        while (i > 0 && _entries[i].Reason != reason)
        {
            i--;
        }

        return i;
    }

    private struct Entry
    {
        internal GapReason Reason;
        internal uint Ssrc;
        internal long FromNs;
        internal long ToNs;
        internal long Packets;
        internal long From;
        internal long To;
    }
}
