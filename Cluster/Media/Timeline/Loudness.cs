using Talreg.Media.Codecs;

namespace Talreg.Media.Timeline;

/// <summary>Whether anything is heard in a payload.</summary>
internal static class Loudness
{
    /// <summary>
    /// True when no sample is louder than <see cref="TimelineRules.QuietAmplitude"/>, -48 dB of the loudest. A codec that
    /// remembers is not asked, it would have to be decoded from the beginning: it sends nothing, or less, where nothing
    /// is said.
    /// </summary>
    public static bool IsQuiet(AudioCodec any, ReadOnlySpan<byte> payload)
    {
        if (any is not SampleCodec codec)
        {
            return false;
        }

        Span<short> pcm = stackalloc short[256];
        var count = codec.CountSamples(payload);
        for (var at = 0; at < count; at += pcm.Length)
        {
            var part = pcm[..Math.Min(pcm.Length, count - at)];
            codec.Decode(payload, at, part);
            if (part.ContainsAnyExceptInRange<short>(-TimelineRules.QuietAmplitude, TimelineRules.QuietAmplitude))
            {
                return false;
            }
        }

        return true;
    }
}
