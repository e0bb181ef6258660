using System.Buffers.Binary;

namespace Talreg.EndToEnd.Tests;

/// <summary>Reads the stereo WAV of a call, by the chunk layout of RIFF and not by ours.</summary>
internal sealed class Wav
{
    private Wav(short[] left, short[] right)
    {
        Left = left;
        Right = right;
    }

    public short[] Left { get; }

    public short[] Right { get; }

    public static Wav Read(byte[] bytes)
    {
        Assert.Equal("RIFF"u8, bytes.AsSpan(0, 4));
        var at = 12;
        while (!bytes.AsSpan(at, 4).SequenceEqual("data"u8))
        {
            at += 8 + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4));
        }

        var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4));
        Assert.Equal(bytes.Length, at + 8 + length);
        var left = new short[length / 4];
        var right = new short[length / 4];
        for (var i = 0; i < left.Length; i++)
        {
            left[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(at + 8 + (i * 4)));
            right[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(at + 10 + (i * 4)));
        }

        return new Wav(left, right);
    }

    /// <summary>Where a run of samples stands, whole; -1 when it does not.</summary>
    public static int Find(ReadOnlySpan<short> samples, ReadOnlySpan<short> wanted) => samples.IndexOf(wanted);

    /// <summary>
    /// The first spoken packet of a voice that does not stand whole behind the one before it; -1 when all do. This is what
    /// holds however unsteadily the packets were sent: silence may be stretched or shortened, and where a late stream is
    /// put right in speech, at most a millisecond at a packet's edge.
    /// </summary>
    public static int FirstUnheard(ReadOnlySpan<short> samples, ReadOnlySpan<short> voice)
    {
        const int Packet = 160;
        const int Edge = 16;
        const int Quiet = 128;
        for (var i = 0; i < voice.Length / Packet; i++)
        {
            var wanted = voice.Slice((i * Packet) + Edge, Packet - (2 * Edge));
            if (wanted.IndexOfAnyExceptInRange((short)-Quiet, (short)Quiet) < 0)
            {
                continue;
            }

            var at = samples.IndexOf(wanted);
            if (at < 0)
            {
                return i;
            }

            samples = samples[(at + wanted.Length)..];
        }

        return -1;
    }

    /// <summary>A-law by ITU-T G.711, by arithmetic and not by our table.</summary>
    public static short[] DecodeALaw(ReadOnlySpan<byte> coded)
    {
        var samples = new short[coded.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            var code = coded[i] ^ 0x55;
            var segment = (code >> 4) & 7;
            var magnitude = ((code & 15) << 4) + 8;
            magnitude = segment == 0 ? magnitude : (magnitude + 256) << (segment - 1);
            samples[i] = (short)((code & 0x80) != 0 ? magnitude : -magnitude);
        }

        return samples;
    }
}
