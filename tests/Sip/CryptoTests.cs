using System.Text;
using Talreg.Sip.Sdp;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>
/// Crypto lines (RFC 4568, 6188, 7714): read by suite, or refused by name; the answer names the one taken.
/// </summary>
public sealed class CryptoTests
{
    private static readonly string Key30 =
        Convert.ToBase64String([.. Enumerable.Range(1, 30).Select(i => (byte)i)]);

    [Theory]
    [InlineData("AES_CM_128_HMAC_SHA1_80", CryptoSuite.AesCm128HmacSha1Tag80, 16, 14)]
    [InlineData("AES_CM_128_HMAC_SHA1_32", CryptoSuite.AesCm128HmacSha1Tag32, 16, 14)]
    [InlineData("AES_256_CM_HMAC_SHA1_80", CryptoSuite.AesCm256HmacSha1Tag80, 32, 14)]
    [InlineData("AES_256_CM_HMAC_SHA1_32", CryptoSuite.AesCm256HmacSha1Tag32, 32, 14)]
    [InlineData("AEAD_AES_128_GCM", CryptoSuite.AeadAes128Gcm, 16, 12)]
    [InlineData("AEAD_AES_256_GCM", CryptoSuite.AeadAes256Gcm, 32, 12)]
    public void Line_of_each_suite_is_read(string name, CryptoSuite suite, int key, int salt)
    {
        var bytes = Enumerable.Range(1, key + salt).Select(i => (byte)i).ToArray();
        var media = Read($"a=crypto:7 {name} inline:{Convert.ToBase64String(bytes)}|2^20|1:4 WSH=64");
        var offer = Assert.Single(media.Crypto);
        Assert.Equal((7, suite, name), (offer.Tag, offer.Suite, offer.SuiteName));
        Assert.Equal(bytes[..key], offer.Key.ToArray());
        Assert.Equal(bytes[key..], offer.Salt.ToArray());
        Assert.Equal((1UL << 20, (1u, 4)), (offer.Lifetime!.Value, offer.KeyIdentifier!.Value));
        Assert.DoesNotContain(Convert.ToBase64String(bytes), offer.ToString(), StringComparison.Ordinal);
        Assert.Empty(media.CryptoRefusals);
    }

    [Theory]
    [InlineData("", CryptoFault.FormInvalid)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80", CryptoFault.FormInvalid)]
    [InlineData("x AES_CM_128_HMAC_SHA1_80 inline:KEY", CryptoFault.FormInvalid)]
    [InlineData("1234567890 AES_CM_128_HMAC_SHA1_80 inline:KEY", CryptoFault.FormInvalid)]
    [InlineData("1 F8_128_HMAC_SHA1_80 inline:KEY", CryptoFault.SuiteUnknown)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 uri:KEY", CryptoFault.KeyMethodUnknown)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:4;inline:KEY|2:4", CryptoFault.SeveralKeys)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:*", CryptoFault.KeyInvalid)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:AAAA", CryptoFault.KeyLengthWrong)]
    [InlineData("1 AES_256_CM_HMAC_SHA1_80 inline:KEY", CryptoFault.KeyLengthWrong)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|0", CryptoFault.LifetimeInvalid)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^49", CryptoFault.LifetimeInvalid)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:5", CryptoFault.KeyIdentifierInvalid)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|256:1", CryptoFault.KeyIdentifierInvalid)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP", CryptoFault.SessionParameterRefused)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNAUTHENTICATED_SRTP", CryptoFault.SessionParameterRefused)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:KEY KDR=1", CryptoFault.SessionParameterRefused)]
    public void Line_that_cannot_be_used_is_refused_by_name(string line, CryptoFault fault)
    {
        var media = Read("a=crypto:" + line.Replace("KEY", Key30, StringComparison.Ordinal));
        Assert.Empty(media.Crypto);
        Assert.Equal(new CryptoRefusal(0, fault), Assert.Single(media.CryptoRefusals));
    }

    [Fact]
    public void Tag_that_stands_twice_and_lines_beyond_the_most_are_refused()
    {
        var line = $"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{Key30}\r\n";
        var media = Read(string.Concat(Enumerable.Repeat(line, CryptoOffer.MaxLines + 3)));
        Assert.Single(media.Crypto);
        Assert.Equal(CryptoFault.TagRepeated, media.CryptoRefusals[0].Fault);
        Assert.Equal(CryptoFault.TooMany, media.CryptoRefusals[^1].Fault);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_names_the_line_taken_or_refuses_the_stream(bool hasKey)
    {
        await using var bench = await EngineBench.CreateAsync();
        var key = hasKey ? new CryptoAnswer(1, CryptoSuite.AesCm128HmacSha1Tag80, new byte[30]) : null;
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(
            SessionAnswer.Accept("d1", [new MediaAnswer(30_000) { Crypto = key }]));
        var ok = bench.Establish(bench.Src.Invite(sdp: Sdp($"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{Key30}")));
        Assert.Contains(
            hasKey ? "m=audio 30000 RTP/SAVP 0\r\n" : "m=audio 0 RTP/SAVP 0\r\n", ok, StringComparison.Ordinal);
        Assert.Equal(
            hasKey,
            ok.Contains(
                $"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{new string('A', 40)}\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Answer_to_rtcp_mux_takes_it_and_prefers_codecs_in_the_applications_order()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(
            SessionAnswer.Accept("d1", [new MediaAnswer(30_000) { Formats = ["0", "8", "77"] }]));
        var sdp = Sdp("a=rtcp-mux").Replace("RTP/SAVP 0", "RTP/AVP 8 0 3", StringComparison.Ordinal);
        var ok = bench.Establish(bench.Src.Invite(sdp: sdp));
        Assert.Contains("m=audio 30000 RTP/AVP 0 8\r\na=rtcp-mux\r\n", ok, StringComparison.Ordinal);
        Assert.DoesNotContain("a=rtcp:", ok, StringComparison.Ordinal);
    }

    private static string Sdp(string lines) =>
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        + $"m=audio 4000 RTP/SAVP 0\r\n{lines}\r\n";

    private static SdpMedia Read(string lines)
    {
        var bytes = Encoding.UTF8.GetBytes(Sdp(lines.TrimEnd()));
        Assert.True(SdpParser.TryParse(bytes, out var sdp, out var fault), $"{fault}");
        Assert.True(sdp!.Media[0].IsSecure);
        return sdp.Media[0];
    }
}
