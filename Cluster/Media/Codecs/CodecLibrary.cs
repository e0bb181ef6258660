using Talreg.Media.Timeline;

namespace Talreg.Media.Codecs;

/// <summary>What a library knows of a codec.</summary>
/// <param name="Codec">Decodes it, or null.</param>
/// <param name="Missing">What is not installed that would decode it; null when there is nothing of the kind.</param>
public readonly record struct CodecAnswer(AudioCodec? Codec, string? Missing = null);

/// <summary>
/// The codecs of this machine. Two need something that may be absent: Opus a shared library, G.729 and AMR a program. Where
/// it is, only that codec is not heard. Immutable and safe on any thread.
/// </summary>
public sealed class CodecLibrary
{
    private const string OpusMissing = "libopus.so.0 is not installed (Debian: libopus0)";
    private const string DecoderMissing = "ffmpeg is not installed (Debian: ffmpeg)";

    private readonly Opus? _opus;
    private readonly G729? _g729;
    private readonly ExternalDecoder? _decoder;

    internal CodecLibrary(bool opus, ExternalDecoder? decoder)
    {
        _opus = opus ? new Opus() : null;
        _g729 = decoder is not null ? new G729(decoder) : null;
        _decoder = decoder;
    }

    /// <summary>What is installed, looked for once: libopus, and ffmpeg in one of the folders of PATH.</summary>
    public static CodecLibrary Installed { get; } = new(
        OpusLibrary.IsPresent, ExternalDecoder.Find(Environment.GetEnvironmentVariable("PATH") ?? ""));

    /// <summary>The codec of an encoding name.</summary>
    /// <param name="name">The encoding name, in any case.</param>
    /// <param name="clockRate">The RTP clock rate, in Hz; another than the codec's is not that codec.</param>
    /// <param name="channels">Channels by SDP. Matters to L16 only: Opus always says 2 (RFC 7587 §7).</param>
    public CodecAnswer Find(string name, int clockRate, int channels = 1) =>
        Find(new PayloadFormat(name, clockRate, channels));

    /// <summary>The codec of what SDP said of a payload type.</summary>
    public CodecAnswer Find(PayloadFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var (clockRate, channels) = (format.ClockRate, format.Channels);
        return format.Name.ToUpperInvariant() switch
        {
            "PCMA" => AtRate(G711ALaw.Instance, clockRate),
            "PCMU" => AtRate(G711MuLaw.Instance, clockRate),
            "L16" => new CodecAnswer(FindL16(clockRate, channels)),
            "G722" => AtRate(G722.Instance, clockRate),
            "OPUS" => Installable(_opus, 48_000, clockRate, OpusMissing),
            "G729" => Installable(_g729, 8000, clockRate, DecoderMissing),
            "AMR" => Installable(FindAmr(AmrMode.Narrow, format), 8000, clockRate, DecoderMissing),
            "AMR-WB" => Installable(FindAmr(AmrMode.Wide, format), 16_000, clockRate, DecoderMissing),
            _ => default,
        };
    }

    // RFC 4867 §8.1: bandwidth-efficient unless octet-align says otherwise.
    private Amr? FindAmr(AmrMode mode, PayloadFormat format) => _decoder is null
        ? null
        : new Amr(
            mode,
            _decoder,
            format.Parameter("octet-align") == "1" ? AmrPacking.OctetAligned : AmrPacking.BandwidthEfficient);

    private static CodecAnswer AtRate(AudioCodec codec, int clockRate) =>
        new(codec.ClockRate == clockRate ? codec : null);

    private static CodecAnswer Installable(AudioCodec? codec, int codecRate, int clockRate, string missing) =>
        codecRate != clockRate ? default : new CodecAnswer(codec, codec is null ? missing : null);

    private static AudioCodec? FindL16(int clockRate, int channels) => (clockRate, channels) switch
    {
        (8000, 1) => L16.Narrow,
        (16_000, 1) => L16.Wide,
        _ when channels is 1 or 2
            && clockRate >= L16Converted.Rates.Lowest && clockRate <= L16Converted.Rates.Highest =>
            new L16Converted(clockRate, channels),
        _ => null,
    };
}
