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
    private readonly AudioCodec?[] _codecs = new AudioCodec?[128];
    private readonly PayloadRole[] _roles = new PayloadRole[128];

    public PayloadRoles(AudioStream stream)
    {
        for (byte type = 0; type < _names.Length; type++)
        {
            var named = stream.PayloadTypes.TryGetValue(type, out var name);
            name ??= StaticName(type);

            // The stream's clock rate is that of its own codec; the static types have 8000 Hz each.
            var clockRate = named && SameName(name, stream.Codec) ? stream.ClockRate : AudioCodec.SampleRate;
            _names[type] = name;
            _codecs[type] = AudioCodec.Find(name, clockRate);
            _roles[type] = _codecs[type] is not null ? PayloadRole.Audio
                : SameName(name, "CN") || SameName(name, "telephone-event") ? PayloadRole.Silence
                : PayloadRole.Unknown;
        }
    }

    public PayloadRole Role(byte type) => _roles[type];

    public AudioCodec? Codec(byte type) => _codecs[type];

    public string Name(byte type) => _names[type];

    private static bool SameName(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private static string StaticName(byte type) => type switch
    {
        0 => "PCMU",
        3 => "GSM",
        4 => "G723",
        8 => "PCMA",
        9 => "G722",
        13 => "CN",
        18 => "G729",
        _ => "unnamed",
    };
}
