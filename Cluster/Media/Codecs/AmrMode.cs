namespace Talreg.Media.Codecs;

/// <summary>
/// The frame types of AMR and AMR-WB (3GPP TS 26.101 table 1a, TS 26.201 table 1a): how many bits of speech each has.
/// </summary>
internal sealed class AmrMode
{
    private readonly short[] _bits;

    private AmrMode(int noise, int sampleRate, string magic, short[] bits)
    {
        Noise = noise;
        SampleRate = sampleRate;
        Magic = magic;
        _bits = bits;
    }

    /// <summary>AMR, at 8000 Hz.</summary>
    public static AmrMode Narrow { get; } = new(8, 8000, "#!AMR\n", [95, 103, 118, 134, 148, 159, 204, 244, 39]);

    /// <summary>AMR-WB, at 16000 Hz.</summary>
    public static AmrMode Wide { get; } = new(
        9, 16_000, "#!AMR-WB\n", [132, 177, 253, 285, 317, 365, 397, 461, 477, 40]);

    /// <summary>The frame type of comfort noise (SID).</summary>
    public int Noise { get; }

    /// <summary>Samples per second.</summary>
    public int SampleRate { get; }

    /// <summary>What a file of such frames begins with (RFC 4867 §5.1, §5.2).</summary>
    public string Magic { get; }

    /// <summary>Samples of a frame: 20 ms.</summary>
    public int FrameSamples => SampleRate / 50;

    /// <summary>
    /// Bits of a frame's data: 0 for lost speech (14, only AMR-WB) and no data (15), -1 for types that no sender may use.
    /// </summary>
    public int Bits(int type) =>
        type < _bits.Length ? _bits[type] : type == 15 || (type == 14 && this == Wide) ? 0 : -1;
}
