using Talreg.Media.Codecs;

namespace Talreg.Media.Timeline;

/// <summary>What a payload type of one stream means for the timeline.</summary>
internal enum PayloadRole
{
    /// <summary>Samples that can be decoded.</summary>
    Audio,

    /// <summary>Comfort noise (RFC 3389) or a telephone event (RFC 4733): silence, by nature.</summary>
    Silence,

    /// <summary>A codec this room cannot decode: silence, with a note.</summary>
    Unknown,
}

/// <summary>The 128 payload types of a stream, resolved once.</summary>
internal sealed class PayloadRoles
{
    private readonly string[] _names = new string[128];
    private readonly CodecAnswer[] _codecs = new CodecAnswer[128];
    private readonly PayloadRole[] _roles = new PayloadRole[128];

    public PayloadRoles(AudioStream stream, CodecLibrary codecs)
    {
        for (byte type = 0; type < _names.Length; type++)
        {
            var format = stream.PayloadTypes.TryGetValue(type, out var name)
                ? Named(name, stream)
                : Static(type);
            _names[type] = format.Name;
            _codecs[type] = codecs.Find(format.Name, format.ClockRate, format.Channels);
            _roles[type] = _codecs[type].Codec is not null ? PayloadRole.Audio
                : SameName(format.Name, "CN") || SameName(format.Name, "telephone-event") ? PayloadRole.Silence
                : PayloadRole.Unknown;
        }
    }

    public PayloadRole Role(byte type) => _roles[type];

    public AudioCodec? Codec(byte type) => _codecs[type].Codec;

    /// <summary>What is not installed that would decode the type; null when nothing is known to.</summary>
    public string? Missing(byte type) => _codecs[type].Missing;

    public string Name(byte type) => _names[type];

    private static bool SameName(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    // The stream's clock rate is that of its own codec; of others the usual one is taken.
    private static (string Name, int ClockRate, int Channels) Named(string name, AudioStream stream) =>
        SameName(name, stream.Codec) ? (name, stream.ClockRate, stream.Channels)
        : SameName(name, "opus") ? (name, 48_000, 2)
        : SameName(name, "AMR-WB") ? (name, 16_000, 1)
        : (name, 8000, 1);

    private static (string Name, int ClockRate, int Channels) Static(byte type) => type switch
    {
        0 => ("PCMU", 8000, 1),
        3 => ("GSM", 8000, 1),
        4 => ("G723", 8000, 1),
        8 => ("PCMA", 8000, 1),
        9 => ("G722", 8000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        13 => ("CN", 8000, 1),
        18 => ("G729", 8000, 1),
        _ => ("unnamed", 8000, 1),
    };
}
