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
            var format = stream.PayloadTypes.GetValueOrDefault(type) ?? Static(type);
            _names[type] = format.Name;
            _codecs[type] = codecs.Find(format);
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

    private static PayloadFormat Static(byte type) => type switch
    {
        0 => new PayloadFormat("PCMU", 8000),
        3 => new PayloadFormat("GSM", 8000),
        4 => new PayloadFormat("G723", 8000),
        8 => new PayloadFormat("PCMA", 8000),
        9 => new PayloadFormat("G722", 8000),
        10 => new PayloadFormat("L16", 44_100, 2),
        11 => new PayloadFormat("L16", 44_100),
        13 => new PayloadFormat("CN", 8000),
        18 => new PayloadFormat("G729", 8000),
        _ => new PayloadFormat("unnamed", 8000),
    };
}
