using System.Buffers.Binary;

namespace Talreg.Media.Wav;

/// <summary>
/// The header of a stereo 16-bit WAV; integers are little-endian.
/// <code>
///   0 "RIFF" | u32 file size - 8 | "WAVE"
///  12 "fmt " | u32 16 | u16 1 (PCM) | u16 2 channels | u32 rate | u32 bytes/s | u16 4 bytes/frame | u16 16 bits
///  36 "data" | u32 bytes of samples
/// </code>
/// </summary>
internal static class WavHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Size = 44;

    /// <summary>Bytes of one sample of both sides.</summary>
    public const int FrameSize = 4;

    private const int Channels = 2;

    /// <summary>True when the sizes of so many frames fit the 32 bits of the RIFF fields.</summary>
    public static bool Fits(long frames) => frames <= (uint.MaxValue - (Size - 8)) / FrameSize;

    /// <summary>Writes the header for so many frames, which <see cref="Fits"/>.</summary>
    public static void Write(Span<byte> header, long frames, int sampleRate)
    {
        var data = checked((uint)(frames * FrameSize));
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], checked(data + Size - 8));
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], Channels);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], (uint)sampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], (uint)(sampleRate * FrameSize));
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], FrameSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], data);
    }
}
