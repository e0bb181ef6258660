namespace Talreg.Gateway.Overload;

/// <summary>
/// Goes on at once and off slowly: only when every signal has stayed under four fifths of its threshold for five seconds.
/// Without that, a load near the threshold would refuse every other call.
/// </summary>
/// <param name="threshold">The threshold of a signal.</param>
internal sealed class LoadSwitch(Func<ILoadSignal, double> threshold)
{
    /// <summary>The part of a threshold under which a signal counts as calm.</summary>
    internal const double Calm = 0.8;

    /// <summary>How long every signal must be calm.</summary>
    internal static readonly TimeSpan CalmFor = TimeSpan.FromSeconds(5);

    private TimeSpan? _calmSince;

    /// <summary>True while the measure is in force.</summary>
    internal bool IsOn { get; private set; }

    /// <summary>Looks at what the signals read.</summary>
    /// <param name="readings">Each signal with its share.</param>
    /// <param name="now">Time since any fixed moment.</param>
    /// <returns>True when the switch changed.</returns>
    internal bool Observe(IReadOnlyList<(ILoadSignal Signal, double Share)> readings, TimeSpan now)
    {
        var before = IsOn;
        if (readings.Any(reading => reading.Share >= threshold(reading.Signal)))
        {
            IsOn = true;
            _calmSince = null;
        }
        else if (readings.Any(reading => reading.Share >= threshold(reading.Signal) * Calm))
        {
            _calmSince = null;
        }
        else
        {
            _calmSince ??= now;
            IsOn &= now - _calmSince < CalmFor;
        }

        return IsOn != before;
    }
}
