namespace Talreg.Capture.Rtcp;

/// <summary>What a sender says of its clocks and of what it has sent (RFC 3550 §6.4.1).</summary>
/// <param name="Ssrc">The sender.</param>
/// <param name="NtpTime">Wall clock of the report: seconds since 1900 and 2^-32 of a second.</param>
/// <param name="RtpTimestamp">The same moment by the RTP clock.</param>
/// <param name="Packets">RTP packets sent, modulo 2^32.</param>
/// <param name="Octets">Octets of payload sent, modulo 2^32.</param>
public readonly record struct SenderReport(
    uint Ssrc, ulong NtpTime, uint RtpTimestamp, uint Packets, uint Octets)
{
    private const long NtpToUnixSeconds = 2_208_988_800;

    /// <summary>The wall clock of the report, by the sender's own reckoning; null for a sender that has none (0).</summary>
    /// <remarks>The first bit of the seconds tells 1968-2036 from what follows (RFC 4330 §3).</remarks>
    public DateTimeOffset? WallClock
    {
        get
        {
            if (NtpTime == 0)
            {
                return null;
            }

            var seconds = (long)(NtpTime >> 32);
            seconds += (NtpTime >> 63) == 0 ? 1L << 32 : 0;
            var ticks = (long)((NtpTime & uint.MaxValue) * TimeSpan.TicksPerSecond >> 32);
            return DateTimeOffset.FromUnixTimeSeconds(seconds - NtpToUnixSeconds).AddTicks(ticks);
        }
    }
}
