namespace Talreg.Capture.Srtp;

/// <summary>
/// Which of the last 128 indices have been seen (RFC 3711 §3.3.2, which asks for at least 64). A value: copied, not shared.
/// </summary>
internal struct ReplayWindow
{
    /// <summary>How far behind the highest an index may lie.</summary>
    internal const int Size = 128;

    private UInt128 _seen;
    private long _highest;

    /// <summary>The highest index accepted; -1 for none.</summary>
    internal readonly long Highest => _seen == UInt128.Zero ? -1 : _highest;

    /// <summary>Tells whether an index may be accepted: new, or within the window and not seen.</summary>
    internal readonly SrtpVerdict Check(long index)
    {
        var behind = _highest - index;
        return _seen == UInt128.Zero || behind < 0 ? SrtpVerdict.Authentic
            : behind >= Size ? SrtpVerdict.TooOld
            : (_seen >> (int)behind & UInt128.One) != UInt128.Zero ? SrtpVerdict.Replayed
            : SrtpVerdict.Authentic;
    }

    /// <summary>Remembers an index that was checked and whose packet is authentic.</summary>
    internal void Accept(long index)
    {
        var ahead = _seen == UInt128.Zero ? Size : index - _highest;
        if (ahead <= 0)
        {
            _seen |= UInt128.One << (int)-ahead;
            return;
        }

        _seen = ahead >= Size ? UInt128.One : (_seen << (int)ahead) | UInt128.One;
        _highest = index;
    }
}
