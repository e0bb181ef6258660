namespace Talreg.Capture.Srtp;

/// <summary>
/// Opens what one sender sends, over changes of its key. A new key is tried beside the one before, which goes on being good
/// until 2 s after the first packet under the new one: no packet is lost to a change, early or late. One thread.
/// </summary>
internal sealed class SrtpReceiver : IDisposable
{
    /// <summary>How long packets under the key before may still come.</summary>
    internal const long OverlapNs = 2_000_000_000;

    private SrtpSession _current;
    private SrtpSession? _before;
    private long _changedNs;

    internal SrtpReceiver(SrtpKeys keys) => _current = new SrtpSession(keys);

    /// <summary>The sender's next packets may come under other keys. The same keys again change nothing.</summary>
    internal void Rekey(SrtpKeys keys)
    {
        if (keys.Equals(_current.Keys))
        {
            return;
        }

        // Of three keys the oldest goes, unless the middle one was never used.
        var retired = _before is not null && _changedNs == 0 ? _current : _before;
        _before = retired == _current ? _before : _current;
        retired?.Dispose();
        _current = new SrtpSession(keys);
        _changedNs = 0;
    }

    /// <summary>Opens an RTP packet in place.</summary>
    /// <param name="packet">A datagram that was found to be RTP with a whole header.</param>
    /// <param name="arrivalNs">Its arrival, monotonic.</param>
    /// <param name="workspace">Memory.</param>
    /// <param name="length">Length of what is left; only where authentic.</param>
    internal SrtpVerdict Open(Span<byte> packet, long arrivalNs, SrtpWorkspace workspace, out int length)
    {
        var verdict = _current.Open(packet, _before, workspace, out length);
        if (verdict == SrtpVerdict.Authentic)
        {
            Used(arrivalNs);
            return verdict;
        }

        return _before is { } before && IsOverlap(arrivalNs)
            ? Better(before.Open(packet, null, workspace, out length), verdict)
            : verdict;
    }

    /// <summary>Opens an RTCP packet in place; parameters as of <see cref="Open"/>.</summary>
    internal SrtpVerdict OpenRtcp(Span<byte> packet, long arrivalNs, SrtpWorkspace workspace, out int length)
    {
        var verdict = _current.OpenRtcp(packet, workspace, out length);
        if (verdict == SrtpVerdict.Authentic)
        {
            Used(arrivalNs);
            return verdict;
        }

        return _before is { } before && IsOverlap(arrivalNs)
            ? Better(before.OpenRtcp(packet, workspace, out length), verdict)
            : verdict;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _current.Dispose();
        _before?.Dispose();
    }

    private static SrtpVerdict Better(SrtpVerdict old, SrtpVerdict fresh) =>
        old == SrtpVerdict.BadTag ? fresh : old;

    private bool IsOverlap(long arrivalNs) => _changedNs == 0 || arrivalNs - _changedNs <= OverlapNs;

    private void Used(long arrivalNs)
    {
        if (_before is null)
        {
            return;
        }

        if (_changedNs == 0)
        {
            _changedNs = Math.Max(arrivalNs, 1);
        }
        else if (!IsOverlap(arrivalNs))
        {
            _before.Dispose();
            _before = null;
        }
    }
}
