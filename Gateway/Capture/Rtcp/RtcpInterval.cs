using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Capture.Rtcp;

/// <summary>
/// How long until the next report (RFC 3550 §6.2, §6.3.1). A recording session has two members, of which one sends: what 5 %
/// of any voice stream's bandwidth allows lies under the least interval, so that the least is what is drawn around.
/// </summary>
internal static class RtcpInterval
{
    /// <summary>The least deterministic interval; half of it before a member's first report.</summary>
    internal const long LeastNs = 5_000_000_000;

    // e - 3/2: what timer reconsideration makes longer is taken off before (§6.3.1).
    private const double Compensation = Math.E - 1.5;

    /// <summary>Draws an interval.</summary>
    /// <param name="initial">True before the first report.</param>
    internal static long Draw(bool initial)
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        RandomNumberGenerator.Fill(random);
        return Scale(initial, BinaryPrimitives.ReadUInt32LittleEndian(random) / (double)uint.MaxValue);
    }

    /// <summary>The interval of a random number between 0 and 1: half to one and a half of the deterministic one.</summary>
    internal static long Scale(bool initial, double random) =>
        (long)((initial ? LeastNs / 2 : LeastNs) * (0.5 + random) / Compensation);
}
