using Talreg.Media.Codecs;

namespace Talreg.Media.Tests;

public class G711Tests
{
    [Theory]
    [InlineData(0xD5, 8)]
    [InlineData(0x55, -8)]
    [InlineData(0xAA, 32256)]
    [InlineData(0x2A, -32256)]
    [InlineData(0x80, 5504)]
    [InlineData(0x00, -5504)]
    public void ALaw_published_value_decodes(int code, int sample) =>
        Assert.Equal(sample, G711ALaw.Decode((byte)code));

    [Theory]
    [InlineData(0xFF, 0)]
    [InlineData(0x7F, 0)]
    [InlineData(0x80, 32124)]
    [InlineData(0x00, -32124)]
    [InlineData(0x01, -31100)]
    [InlineData(0xFE, 8)]
    public void MuLaw_published_value_decodes(int code, int sample) =>
        Assert.Equal(sample, G711MuLaw.Decode((byte)code));

    [Fact]
    public void Encode_of_every_decoded_value_gives_the_byte_back()
    {
        for (var code = 0; code < 256; code++)
        {
            Assert.Equal((byte)code, G711ALaw.Encode(G711ALaw.Decode((byte)code)));
            var expected = code == 0x7F ? 0xFF : code;
            Assert.Equal((byte)expected, G711MuLaw.Encode(G711MuLaw.Decode((byte)code)));
        }
    }
}
