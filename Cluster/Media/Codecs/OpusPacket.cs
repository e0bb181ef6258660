namespace Talreg.Media.Codecs;

/// <summary>
/// Reads how long an Opus packet lasts, without decoding it (RFC 6716 §3.1, §3.2).
/// <code>
///    0 1 2 3 4 5 6 7
///   +-+-+-+-+-+-+-+-+     config: mode, bandwidth, frame size
///   | config  |s| c |     s: stereo    c: 0 one frame, 1 and 2 two, 3 a count follows
///   +-+-+-+-+-+-+-+-+
/// </code>
/// </summary>
internal static class OpusPacket
{
    /// <summary>A packet lasts at most 120 ms (RFC 6716 §3.2.5, R5).</summary>
    public const int MaxTicks = 960;

    /// <summary>Ticks of 125 µs; 0 for what is no Opus packet.</summary>
    public static int CountTicks(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty)
        {
            return 0;
        }

        var frames = (packet[0] & 3) switch
        {
            0 => 1,
            3 => packet.Length > 1 ? packet[1] & 0x3F : 0,
            _ => 2,
        };
        var ticks = frames * FrameTicks(packet[0] >> 3);
        return ticks <= MaxTicks ? ticks : 0;
    }

    // Table 2: SILK 10, 20, 40, 60 ms; hybrid 10, 20 ms; CELT 2.5, 5, 10, 20 ms.
    private static int FrameTicks(int config) => config switch
    {
        < 12 => (config & 3) == 3 ? 480 : 80 << (config & 3),
        < 16 => 80 << (config & 1),
        _ => 20 << (config & 3),
    };
}
