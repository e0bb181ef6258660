using System.Globalization;

namespace Talreg.Sip.Siprec;

/// <summary>
/// Reads the times of metadata (RFC 7865 §6.10, RFC 3339), and what senders write instead. Stateless.
/// </summary>
public static class MetadataTime
{
    private static readonly TimeSpan Believable = TimeSpan.FromDays(1);

    /// <summary>The time a text names, or else now.</summary>
    /// <param name="text">As spelled; null where none was.</param>
    /// <param name="now">When the document came.</param>
    /// <param name="doubtful">
    /// The sender's clock is not to be relied on: no time zone (taken as UTC), more than a day away from now (a clock
    /// that
    /// started at 1970), or no time at all. Then <paramref name="now"/> is given.
    /// </param>
    public static DateTimeOffset Read(string? text, DateTimeOffset now, out bool doubtful)
    {
        doubtful = false;
        if (text is null)
        {
            return now;
        }

        var isTime = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time);
        doubtful = !isTime || !HasZone(text) || (time - now).Duration() > Believable;
        return isTime && (time - now).Duration() <= Believable ? time : now;
    }

    private static bool HasZone(string text)
    {
        var clock = text.IndexOf('T', StringComparison.OrdinalIgnoreCase);
        return clock >= 0 && text.AsSpan(clock).IndexOfAny("Zz+-") >= 0;
    }
}
