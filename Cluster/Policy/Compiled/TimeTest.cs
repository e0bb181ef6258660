using System.Globalization;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>A condition on the moment a call began, ready to be tested.</summary>
internal sealed class TimeTest
{
    private readonly int _zone;
    private readonly int _from;
    private readonly int _to;
    private readonly int _weekdays;
    private readonly HashSet<int>? _calendar;
    private readonly HashSet<int>? _except;

    public TimeTest(TimeCondition condition, Catalog catalog)
    {
        Condition = condition;
        _zone = catalog.Zone(condition.Zone);
        _from = Minute(condition.From);
        _to = Minute(condition.To);
        foreach (var day in condition.Weekdays ?? [])
        {
            _weekdays |= 1 << (int)day;
        }

        _calendar = catalog.Calendar(condition.Calendar);
        _except = catalog.Calendar(condition.ExceptCalendar);
    }

    /// <summary>As the rule gives it.</summary>
    public TimeCondition Condition { get; }

    /// <summary>The local time at which the call began.</summary>
    public DateTime Local(in FactReader facts) => new(facts.LocalTicks(_zone), DateTimeKind.Unspecified);

    public bool Matches(in FactReader facts)
    {
        var ticks = facts.LocalTicks(_zone);
        var day = (int)(ticks / TimeSpan.TicksPerDay);
        var minute = (int)(ticks % TimeSpan.TicksPerDay / TimeSpan.TicksPerMinute);
        if (_from >= 0)
        {
            var within = _from < _to ? minute >= _from && minute < _to : minute >= _from || minute < _to;
            if (!within)
            {
                return false;
            }

            // After midnight of a time that began the evening before, it is still that evening's day.
            day -= minute < _from ? 1 : 0;
        }

        // Day 0, 0001-01-01, was a Monday.
        return (_weekdays == 0 || (_weekdays & (1 << ((day + 1) % 7))) != 0)
            && (_calendar is null || _calendar.Contains(day))
            && (_except is null || !_except.Contains(day));
    }

    private static int Minute(string? time) => time is null
        ? -1
        : (int)(TimeOnly.ParseExact(time, "HH:mm", CultureInfo.InvariantCulture).Ticks / TimeSpan.TicksPerMinute);
}
