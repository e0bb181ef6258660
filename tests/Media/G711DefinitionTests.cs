using Talreg.Media.Codecs;

namespace Talreg.Media.Tests;

/// <summary>
/// Both laws against ITU-T G.711 tables 1 and 2, whose decision values are walked here step by step: so many intervals
/// of such a width, each decoded to its middle.
/// </summary>
public class G711DefinitionTests
{
    // Table 1a: 13 segments over both signs, on a scale of ±4096; the first straight line holds 32 intervals.
    private static readonly int[] ALawDecisions = Walk(
        [(32, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128)]);

    // Table 2a: 15 segments over both signs, on a scale of ±8159; the interval at zero is half of one.
    private static readonly int[] MuLawDecisions = Walk(
        [(1, 1), (15, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128), (16, 256)]);

    [Fact]
    public void Decision_values_end_where_the_tables_do()
    {
        Assert.Equal((129, 4096), (ALawDecisions.Length, ALawDecisions[^1]));
        Assert.Equal((129, 8159), (MuLawDecisions.Length, MuLawDecisions[^1]));
        Assert.Equal([0, 1, 3, 5], MuLawDecisions[..4]);
        Assert.Equal([31, 35], MuLawDecisions[16..18]);
    }

    [Fact]
    public void ALaw_all_256_codes_decode_to_the_middle_of_their_interval()
    {
        for (var n = 0; n < 128; n++)
        {
            var value = (ALawDecisions[n] + ALawDecisions[n + 1]) / 2 * 8;
            Assert.Equal(value, G711ALaw.Decode((byte)((0x80 | n) ^ 0x55)));
            Assert.Equal(-value, G711ALaw.Decode((byte)(n ^ 0x55)));
        }
    }

    [Fact]
    public void MuLaw_all_256_codes_decode_to_the_middle_of_their_interval()
    {
        for (var n = 0; n < 128; n++)
        {
            var value = n == 0 ? 0 : (MuLawDecisions[n] + MuLawDecisions[n + 1]) / 2 * 4;
            Assert.Equal(value, G711MuLaw.Decode((byte)(0xFF - n)));
            Assert.Equal(-value, G711MuLaw.Decode((byte)(0x7F - n)));
        }
    }

    [Fact]
    public void Encode_every_sample_lies_between_the_decision_values_of_its_code()
    {
        for (var sample = (int)short.MinValue; sample <= short.MaxValue; sample++)
        {
            // A-law mirrors about -1/2, µ-law about 0.
            var n = Interval(ALawDecisions, 8, sample < 0 ? -sample - 1 : sample);
            var expected = ((sample < 0 ? 0 : 0x80) | n) ^ 0x55;
            Assert.True(expected == G711ALaw.Encode((short)sample), $"A-law {sample}");

            n = Interval(MuLawDecisions, 4, Math.Abs(sample));
            expected = (sample < 0 ? 0x7F : 0xFF) - n;
            Assert.True(expected == G711MuLaw.Encode((short)sample), $"µ-law {sample}");
        }
    }

    [Theory]
    [InlineData("PCMA", 8000, true)]
    [InlineData("pcmu", 8000, true)]
    [InlineData("PCMA", 16_000, false)]
    [InlineData("opus", 8000, false)]
    public void Find_knows_the_two_laws_at_8000_hz(string name, int clockRate, bool known)
    {
        var codec = CodecLibrary.Installed.Find(name, clockRate).Codec;
        Assert.Equal(known, codec is not null);
        Assert.Equal(known ? name.ToUpperInvariant() : null, codec?.Name);
    }

    private static int[] Walk(ReadOnlySpan<(int Intervals, int Width)> steps)
    {
        var decisions = new List<int> { 0 };
        foreach (var (intervals, width) in steps)
        {
            for (var i = 0; i < intervals; i++)
            {
                decisions.Add(decisions[^1] + width);
            }
        }

        return [.. decisions];
    }

    private static int Interval(int[] decisions, int scale, int magnitude)
    {
        var n = 0;
        while (n < 127 && magnitude >= decisions[n + 1] * scale)
        {
            n++;
        }

        return n;
    }
}
