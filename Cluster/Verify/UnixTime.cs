namespace Talreg.Verify;

/// <summary>Unix milliseconds as the formats write them.</summary>
internal static class UnixTime
{
    // Years 0001 to 9999: what DateTimeOffset can hold.
    private const long Min = -62_135_596_800_000;
    private const long Max = 253_402_300_799_999;

    public static DateTimeOffset? Of(long? milliseconds) =>
        milliseconds is >= Min and <= Max ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds.Value) : null;
}
