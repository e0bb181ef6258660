using System.Diagnostics.CodeAnalysis;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;
using Talreg.Media.Wav;

namespace Talreg.Media;

/// <summary>Why a take's audio is not rendered.</summary>
public enum RenderRefusal
{
    /// <summary>It is.</summary>
    None,

    /// <summary>The take ends before it starts.</summary>
    EndBeforeStart,

    /// <summary>Longer than <see cref="RenderLimits.MaxDuration"/>.</summary>
    TooLong,

    /// <summary>More streams than <see cref="RenderLimits.MaxStreams"/>.</summary>
    TooManyStreams,

    /// <summary>More packet bytes than <see cref="RenderLimits.MaxPacketBytes"/>.</summary>
    TooManyBytes,

    /// <summary>The WAV would pass 4 GiB, which its header cannot say.</summary>
    TooLargeForWav,
}

/// <summary>What one rendering may hold in memory.</summary>
public sealed record RenderLimits
{
    /// <summary>The longest take: 12 hours.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(12);

    /// <summary>The most streams.</summary>
    public int MaxStreams { get; init; } = 16;

    /// <summary>The most packet bytes over all streams: 2 GiB, twelve hours of four G.711 legs.</summary>
    public long MaxPacketBytes { get; init; } = 2L << 30;
}

/// <summary>Makes a take audible.</summary>
public static class CallAudio
{
    private static readonly RenderLimits DefaultLimits = new();

    /// <summary>
    /// Places every stream in time. Nothing is decoded yet: the WAV decodes what is read of it, so that a seek into
    /// the eleventh hour costs the same as the first.
    /// </summary>
    /// <param name="startNs">The take's start, monotonic nanoseconds: second 0 of the WAV.</param>
    /// <param name="endNs">The take's end on the same clock.</param>
    /// <param name="streams">
    /// In the order they joined: the first is left, the second right, further ones are mixed into left and right in
    /// turn. Their packets are kept by reference and must not change while the WAV is read.
    /// </param>
    /// <param name="audio">The WAV; it may be read from several threads at once.</param>
    /// <param name="refusal">Why not, or <see cref="RenderRefusal.None"/>.</param>
    /// <param name="limits">What may be held; the defaults when null.</param>
    /// <param name="codecs">What can be decoded; all that is installed when null.</param>
    public static bool TryRender(
        long startNs,
        long endNs,
        IReadOnlyList<AudioStream> streams,
        [NotNullWhen(true)] out CallWav? audio,
        out RenderRefusal refusal,
        RenderLimits? limits = null,
        CodecLibrary? codecs = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        audio = null;
        refusal = Check(startNs, endNs, streams, limits ?? DefaultLimits);
        if (refusal != RenderRefusal.None)
        {
            return false;
        }

        codecs ??= CodecLibrary.Installed;
        var ticks = TimelineBuilder.ToTicks(endNs - startNs);
        var spoken = SpokenTimes.Find(streams);
        var placed = new StreamTimeline[streams.Count];
        for (var i = 0; i < placed.Length; i++)
        {
            placed[i] = TimelineBuilder.Build(streams[i], spoken[i], startNs, ticks, codecs);
        }

        // The last packets may reach past the take's end by their own length. A wideband stream doubles the frames.
        ticks = placed.Select(timeline => timeline.End).Append(ticks).Max();
        if (!WavHeader.Fits(ticks * CallWav.FramesPerTick(placed)))
        {
            refusal = RenderRefusal.TooLargeForWav;
            return false;
        }

        audio = new CallWav(placed, ticks);
        return true;
    }

    private static RenderRefusal Check(
        long startNs, long endNs, IReadOnlyList<AudioStream> streams, RenderLimits limits)
    {
        if (endNs < startNs)
        {
            return RenderRefusal.EndBeforeStart;
        }

        // Unsigned: the two ends may lie further apart than a signed number can say.
        var nanoseconds = (ulong)endNs - (ulong)startNs;
        if (nanoseconds / 100 > (ulong)limits.MaxDuration.Ticks)
        {
            return RenderRefusal.TooLong;
        }

        if (streams.Count > limits.MaxStreams)
        {
            return RenderRefusal.TooManyStreams;
        }

        if (!WavHeader.Fits((long)(nanoseconds / (1_000_000_000 / AudioCodec.TicksPerSecond)) + 1))
        {
            return RenderRefusal.TooLargeForWav;
        }

        long bytes = 0;
        foreach (var stream in streams)
        {
            for (var i = 0; i < stream.Packets.Count; i++)
            {
                bytes += stream.Packets[i].Packet.Length;
            }
        }

        return bytes > limits.MaxPacketBytes ? RenderRefusal.TooManyBytes : RenderRefusal.None;
    }
}
