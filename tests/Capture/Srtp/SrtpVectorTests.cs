using Talreg.Capture.Srtp;

namespace Talreg.Capture.Tests.Srtp;

/// <summary>The vectors that the RFCs print.</summary>
public class SrtpVectorTests
{
    private const string Rtp =
        "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";

    private const string Rtcp =
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
        + "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    private readonly SrtpWorkspace _workspace = new(2 << 20);

    [Theory]
    [InlineData(
        "2b7e151628aed2a6abf7158809cf4f3c",
        "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0",
        "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44")]
    [InlineData(
        "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
        "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31",
        "cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d6eb246913062a16891433e97dd01a57f")]
    public void Key_stream_is_that_of_rfc_3711_b2_and_rfc_6188_7_1(string key, string first, string last)
    {
        var stream = new byte[65_282 * 16];
        using var counter = new AesCounter(Hex(key));
        counter.Apply(Hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000"), stream, stream, _workspace);
        Assert.Equal(first, Convert.ToHexStringLower(stream[..48]));
        Assert.Equal(last, Convert.ToHexStringLower(stream[^48..]));
    }

    [Theory]
    [InlineData(
        "AES_CM_128_HMAC_SHA1_80",
        "e1f97a0d3e018be0d64fa32c06de4139" + "0ec675ad498afeebb6960b3aabe6",
        "c61e7a93744f39ee10734afe3ff7a087", "30cbbc08863d8c85d49db34a9ae1", "cebe321f6ff7716b6fd4ab49af256a156d38baa4")]
    [InlineData(
        "AES_256_CM_HMAC_SHA1_80",
        "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6" + "3b04803de51ee7c96423ab5b78d2",
        "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4", "fa31791685ca444a9e07c6c64e93",
        "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05")]
    public void Session_keys_are_those_of_rfc_3711_b3_and_rfc_6188_7_2(
        string suite, string master, string cipher, string salt, string authentication)
    {
        var keys = Keys(suite, master);
        Assert.Equal(Hex(cipher), SessionKeys.Derive(keys, SessionKeys.RtpEncryption, cipher.Length / 2));
        Assert.Equal(Hex(salt), SessionKeys.Derive(keys, SessionKeys.RtpSalt, 14));
        Assert.Equal(Hex(authentication), SessionKeys.Derive(keys, SessionKeys.RtpAuthentication, 20));
    }

    // A packet and a report of a widely used implementation's own self-test.
    [Fact]
    public void Whole_packets_of_another_implementation_open()
    {
        using var receiver = new SrtpReceiver(Keys(
            "AES_CM_128_HMAC_SHA1_80", "e1f97a0d3e018be0d64fa32c06de4139" + "0ec675ad498afeebb6960b3aabe6"));
        var packet = Hex(
            "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
        Assert.Equal(SrtpVerdict.Authentic, receiver.Open(packet, 0, _workspace, out var length));
        Assert.Equal(
            "800f1234decafbadcafebabeabababababababababababababababab", Convert.ToHexStringLower(packet[..length]));
        var report = Hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798");
        Assert.Equal(SrtpVerdict.Authentic, receiver.OpenRtcp(report, 0, _workspace, out length));
        Assert.Equal(
            "81c8000bcafebabeabababababababababababababababab", Convert.ToHexStringLower(report[..length]));
    }

    [Theory]
    [InlineData(
        16,
        "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
        + "899d7f27beb16a9152cf765ee4390cce")]
    [InlineData(
        32,
        "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
        + "7aa3db36dfffd6b0f9bb7878d7a76c13")]
    public void Gcm_packet_of_rfc_7714_16_opens(int keySize, string sealedPacket)
    {
        using var cipher = Gcm(keySize);
        var packet = Hex(sealedPacket);
        Assert.True(cipher.TryOpen(packet, 12, 0xF17B, _workspace, out var length));
        Assert.Equal(Rtp, Convert.ToHexStringLower(packet[..length]));
    }

    [Theory]
    [InlineData(
        16,
        "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded"
        + "0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4")]
    [InlineData(
        32,
        "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de047"
        + "6f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4")]
    public void Gcm_report_of_rfc_7714_17_opens_and_is_sealed_the_same(int keySize, string sealedReport)
    {
        using var cipher = Gcm(keySize);
        var report = Hex(sealedReport);
        Assert.True(cipher.TryOpenRtcp(report, _workspace, out var length));
        Assert.Equal(Rtcp, Convert.ToHexStringLower(report[..length]));
        var again = new byte[report.Length];
        Hex(Rtcp).CopyTo(again, 0);
        Assert.Equal(report.Length, cipher.SealRtcp(again, Rtcp.Length / 2, 0x5D4, _workspace));
        Assert.Equal(sealedReport, Convert.ToHexStringLower(again));
    }

    [Fact]
    public void Gcm_report_of_rfc_7714_17_3_that_is_only_tagged_opens()
    {
        using var cipher = Gcm(16);
        var report = Hex(Rtcp + "841dd9683dd78ec92ae58790125f62b3" + "000005d4");
        Assert.True(cipher.TryOpenRtcp(report, _workspace, out var length));
        Assert.Equal(Rtcp, Convert.ToHexStringLower(report[..length]));
    }

    private static GcmCipher Gcm(int keySize)
    {
        var key = Enumerable.Range(0, keySize).Select(i => (byte)i).ToArray();
        var salt = "Quid pro quo"u8.ToArray();
        return new GcmCipher([.. key], salt, [.. key], salt, []);
    }

    private static SrtpKeys Keys(string suite, string master)
    {
        Assert.True(SrtpSuites.TryFind(suite, out var found));
        Assert.True(SrtpKeys.TryCreate(found, Hex(master), [], out var keys));
        return keys!;
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);
}
