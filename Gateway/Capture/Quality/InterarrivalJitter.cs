namespace Talreg.Capture.Quality;

/// <summary>
/// Interarrival jitter (RFC 3550 §6.4.1): the smoothed difference between how far apart two packets came and how far apart they were
/// sent. Per source; another one begins anew. A value.
/// </summary>
internal struct InterarrivalJitter
{
    private const double NanosecondsPerSecond = 1e9;
    private const double Gain = 1.0 / 16;

    private uint _ssrc;
    private uint _timestamp;
    private long _arrivalNs;
    private bool _started;
    private double _seconds;
    private double _most;

    /// <summary>The jitter now.</summary>
    internal readonly TimeSpan Now => TimeSpan.FromSeconds(_seconds);

    /// <summary>The most it has been.</summary>
    internal readonly TimeSpan Most => TimeSpan.FromSeconds(_most);

    /// <summary>The jitter of a source in timestamp units; 0 of another than the one heard last.</summary>
    internal readonly uint Units(uint ssrc, int clockRate) =>
        _started && _ssrc == ssrc ? (uint)Math.Clamp(_seconds * clockRate, 0, uint.MaxValue) : 0;

    /// <summary>Takes in a packet in the order of arrival.</summary>
    internal void Add(uint ssrc, uint timestamp, long arrivalNs, int clockRate)
    {
        if (_started && _ssrc == ssrc)
        {
            var apart = (arrivalNs - _arrivalNs) / NanosecondsPerSecond;
            var sent = (double)(int)(timestamp - _timestamp) / clockRate;
            _seconds += Gain * (Math.Abs(apart - sent) - _seconds);
            _most = Math.Max(_most, _seconds);
        }
        else
        {
            _seconds = 0;
        }

        _started = true;
        _ssrc = ssrc;
        _timestamp = timestamp;
        _arrivalNs = arrivalNs;
    }
}
