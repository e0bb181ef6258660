using System.Buffers.Binary;

namespace Talreg.Verify;

/// <summary>
/// The rendering: 44 bytes of WAV header, 16-bit PCM, stereo, 8000 or 16000 Hz. It is not rendered again.
/// </summary>
internal static class AudioChecks
{
    public const string MemberName = "audio.wav";
    private const int HeaderLength = 44;
    private const int SampleRate = 8_000;
    private const int WidebandRate = 16_000;

    public static void Run(BundleContext bundle)
    {
        if (!bundle.Members.TryGetValue(MemberName, out var member))
        {
            bundle.Findings.Skip(CheckNames.Audio, MemberName, "no rendering in this bundle");
            return;
        }

        var wrong = member.Data.Length < HeaderLength
            ? "shorter than a WAV header"
            : Refusal(member.Data.Read(0, HeaderLength).Span, member.Data.Length);
        var g711 = bundle.Descriptors.Values.All(
            d => d.Streams.All(s => s.Codec.ToUpperInvariant() is "PCMA" or "PCMU"));
        var rate = wrong is null ? Rate(member.Data.Read(0, HeaderLength).Span) : SampleRate;
        var seconds = (member.Data.Length - HeaderLength) / 4 / (double)rate;
        bundle.Findings.Check(
            CheckNames.Audio,
            MemberName,
            wrong is null,
            FormattableString.Invariant($"{seconds:0.0} s, stereo, {rate} Hz; covered by the manifest")
            + (g711 ? "; all streams are G.711, so anyone can render it again from the recordings" : ""),
            wrong ?? "");
        bundle.Findings.Leave(
            "audio.wav is the exporter's rendering, covered by the manifest but not rendered again here: "
            + "the packets in takes/*.trec are the evidence.");
    }

    private static string? Refusal(ReadOnlySpan<byte> header, long length)
    {
        if (!header.StartsWith("RIFF"u8) || !header[8..].StartsWith("WAVEfmt "u8) || !header[36..].StartsWith("data"u8))
        {
            return "not a WAV file with the chunks fmt and data, in this order";
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != length - 8
            || BinaryPrimitives.ReadUInt32LittleEndian(header[40..]) != length - HeaderLength)
        {
            return "its lengths are not those of the file";
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(header[16..]) == 16
            && BinaryPrimitives.ReadUInt16LittleEndian(header[20..]) == 1
            && BinaryPrimitives.ReadUInt16LittleEndian(header[22..]) == 2
            && Rate(header) is SampleRate or WidebandRate
            && BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) == Rate(header) * 4
            && BinaryPrimitives.ReadUInt16LittleEndian(header[32..]) == 4
            && BinaryPrimitives.ReadUInt16LittleEndian(header[34..]) == 16
            && (length - HeaderLength) % 4 == 0
            ? null
            : "not 16-bit PCM, stereo, 8000 or 16000 Hz";
    }

    private static uint Rate(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
}
