using Talreg.Capture.Taps;

namespace Talreg.Capture;

/// <summary>The shard's live taps. Everything happens on the shard's thread.</summary>
internal sealed partial class CaptureShard
{
    private readonly List<CaptureTap> _taps = new(CaptureEngine.MaxTaps);

    /// <summary>True while no tap may live.</summary>
    internal required Func<bool> TapsStopped { get; init; }

    /// <summary>Told how many taps ended.</summary>
    internal required Action<int> TapsClosed { get; init; }

    internal bool Add(CaptureTap tap)
    {
        _taps.Add(tap);
        tap.Take.Taps = [.. tap.Take.Taps, tap];
        foreach (var stream in tap.Take.Streams)
        {
            stream.Interrupt();
        }

        return true;
    }

    internal bool Remove(CaptureTap tap, TapEnd end)
    {
        if (!_taps.Remove(tap))
        {
            return false;
        }

        tap.Take.Taps = Array.FindAll(tap.Take.Taps, other => other != tap);
        tap.Complete(end);
        TapsClosed(1);
        return true;
    }

    /// <summary>Ends the taps of a take, or all of them.</summary>
    internal bool EndTaps(CaptureTake? take, TapEnd end)
    {
        for (var i = _taps.Count - 1; i >= 0; i--)
        {
            if (take is null || _taps[i].Take == take)
            {
                Remove(_taps[i], end);
            }
        }

        return true;
    }

    private void FlushTaps()
    {
        if (_taps.Count != 0 && TapsStopped())
        {
            EndTaps(null, TapEnd.Overload);
        }

        foreach (var tap in _taps)
        {
            tap.Flush();
        }
    }
}
