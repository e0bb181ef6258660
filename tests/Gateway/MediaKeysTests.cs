using Talreg.Capture.Srtp;
using Talreg.Gateway.Sessions;
using Talreg.Sip.Sdp;

namespace Talreg.Gateway.Tests;

public class MediaKeysTests
{
    [Theory]
    [InlineData(CryptoSuite.AesCm128HmacSha1Tag80, SrtpSuite.AesCm128Tag80)]
    [InlineData(CryptoSuite.AesCm128HmacSha1Tag32, SrtpSuite.AesCm128Tag32)]
    [InlineData(CryptoSuite.AesCm256HmacSha1Tag80, SrtpSuite.AesCm256Tag80)]
    [InlineData(CryptoSuite.AesCm256HmacSha1Tag32, SrtpSuite.AesCm256Tag32)]
    [InlineData(CryptoSuite.AeadAes128Gcm, SrtpSuite.AesGcm128)]
    [InlineData(CryptoSuite.AeadAes256Gcm, SrtpSuite.AesGcm256)]
    public void Inbound_and_answer_take_the_first_line(CryptoSuite offered, SrtpSuite suite)
    {
        var media = Media("RTP/SAVP", Line(3, offered, suite), Line(4, CryptoSuite.AesCm128HmacSha1Tag80, default));
        var keys = MediaKeys.Inbound(media)!;
        Assert.Equal(suite, keys.Suite);
        Assert.Equal(Convert.ToBase64String(Bytes(suite)), keys.ToInline());
        var ours = MediaKeys.Ours(media, before: null)!;
        var answer = MediaKeys.Answer(media, ours)!;
        Assert.Equal((3, offered), (answer.Tag, answer.Suite));
        Assert.Equal(ours.ToInline(), Convert.ToBase64String(answer.KeyAndSalt.Span));
        Assert.NotEqual(keys, ours);
    }

    [Fact]
    public void Ours_is_kept_while_the_suite_stays()
    {
        var first = Media("RTP/SAVP", Line(1, CryptoSuite.AesCm128HmacSha1Tag80, SrtpSuite.AesCm128Tag80));
        var ours = MediaKeys.Ours(first, before: null);
        Assert.Same(ours, MediaKeys.Ours(first, ours));
        var other = Media("RTP/SAVP", Line(1, CryptoSuite.AeadAes128Gcm, SrtpSuite.AesGcm128));
        Assert.NotEqual(ours, MediaKeys.Ours(other, ours));
    }

    [Theory]
    [InlineData("RTP/AVP", true)]
    [InlineData("RTP/SAVP", false)]
    public void Inbound_without_keys_or_without_srtp_is_none(string protocol, bool line)
    {
        var media = line
            ? Media(protocol, Line(1, CryptoSuite.AesCm128HmacSha1Tag80, SrtpSuite.AesCm128Tag80))
            : Media(protocol);
        Assert.Null(MediaKeys.Inbound(media));
        Assert.Null(MediaKeys.Ours(media, before: null));
        Assert.Null(MediaKeys.Answer(media, SrtpKeys.Create(SrtpSuite.AesCm128Tag80)));
    }

    private static CryptoOffer Line(int tag, CryptoSuite offered, SrtpSuite suite)
    {
        var bytes = Bytes(suite);
        return new CryptoOffer
        {
            Tag = tag,
            Suite = offered,
            Key = bytes.AsMemory(0, suite.KeySize()),
            Salt = bytes.AsMemory(suite.KeySize()),
        };
    }

    private static byte[] Bytes(SrtpSuite suite) =>
        [.. Enumerable.Range(0, suite.KeySize() + suite.SaltSize()).Select(i => (byte)i)];

    private static SdpMedia Media(string protocol, params CryptoOffer[] lines) => new()
    {
        Kind = "audio", Port = 4000, Protocol = protocol, Formats = [], Attributes = [], Crypto = lines,
    };
}
