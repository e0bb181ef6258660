using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>
/// Who may record: addresses, certificates, digest (RFC 3261 §22, RFC 8760), and whose session it is.
/// </summary>
public sealed class AccessTests
{
    private const string Password = "correct horse";

    private static readonly SipPeer Loopback = new()
    {
        Name = "sbc1", Networks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")],
    };

    [Fact]
    public async Task Client_from_a_listed_network_is_named_on_its_offer()
    {
        await using var bench = await CreateAsync(Loopback);
        bench.Establish();
        Assert.Equal("sbc1", Assert.Single(bench.Application.Offers).Peer);
    }

    [Theory]
    [InlineData("INVITE")]
    [InlineData("OPTIONS")]
    [InlineData("REGISTER")]
    [InlineData("BYE")]
    public async Task Stranger_is_403_and_costs_no_transaction(string method)
    {
        await using var bench = await CreateAsync(Loopback with { Networks = [IPNetwork.Parse("192.0.2.0/24")] });
        var answer = Assert.Single(bench.Receive(bench.Src.Request(method, 1)));
        Assert.StartsWith("SIP/2.0 403 ", answer, StringComparison.Ordinal);
        Assert.Equal(0, bench.Engine.TransactionCount);
        Assert.Equal(SipRefusalReason.SourceNotAllowed, Assert.Single(bench.Application.Refusals).Reason);
    }

    [Fact]
    public async Task Client_known_by_certificate_is_403_without_one()
    {
        await using var bench = await CreateAsync(Loopback with { CertificateNames = ["sbc1.example.com"] });
        Assert.StartsWith("SIP/2.0 403 ", bench.Receive(bench.Src.Invite())[0], StringComparison.Ordinal);
        var shown = bench.Flow with { CertificateNames = ["other", "SBC1.example.com"] };
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(bench.Src.Invite(), shown)[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BYE")]
    [InlineData("INVITE")]
    [InlineData("UPDATE")]
    public async Task Request_in_a_session_from_another_address_is_403_and_changes_nothing(string method)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var stranger = bench.Flow with { Remote = new IPEndPoint(IPAddress.Parse("127.0.0.66"), 5060) };
        var answer = bench.Receive(bench.Src.Request(method, 2), stranger)[^1];
        Assert.StartsWith("SIP/2.0 403 ", answer, StringComparison.Ordinal);
        Assert.Equal(["confirmed d1"], bench.Application.Events);
        Assert.Equal("SIP/2.0 200 OK", bench.Receive(bench.Src.Request("BYE", 2))[0].Split("\r\n")[0]);
    }

    [Fact]
    public async Task Request_in_a_session_from_another_address_of_the_same_client_is_served()
    {
        await using var bench = await CreateAsync(Loopback);
        bench.Establish();
        var standby = bench.Flow with { Remote = new IPEndPoint(IPAddress.Parse("127.0.0.66"), 5060) };
        var answer = bench.Receive(bench.Src.Request("BYE", 2), standby)[^1];
        Assert.StartsWith("SIP/2.0 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_from_another_address_is_481_and_the_invite_goes_on()
    {
        await using var bench = await EngineBench.CreateAsync();
        var decided = new TaskCompletionSource<SessionAnswer>();
        bench.Application.OnInvite = (_, _) => new ValueTask<SessionAnswer>(decided.Task);
        var invite = bench.Src.Invite();
        bench.Receive(invite);
        var branch = invite.Split("branch=")[1].Split(';')[0];
        var stranger = bench.Flow with { Remote = new IPEndPoint(IPAddress.Parse("127.0.0.66"), 5060) };
        var answer = Assert.Single(bench.Receive(bench.Src.Request("CANCEL", 1, branch: branch), stranger));
        Assert.StartsWith("SIP/2.0 481 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SHA-256", false)]
    [InlineData("SHA-256", true)]
    [InlineData("MD5", true)]
    public async Task Digest_that_is_right_is_let_in(string algorithm, bool withMd5)
    {
        await using var bench = await CreateAsync(WithDigest(withMd5));
        var challenge = Challenge(bench);
        Assert.Equal(withMd5, challenge.Contains("algorithm=MD5", StringComparison.Ordinal));
        Assert.True(challenge.IndexOf("SHA-256", StringComparison.Ordinal) > 0);
        var sha = challenge.IndexOf("SHA-256", StringComparison.Ordinal);
        Assert.True(!withMd5 || sha < challenge.IndexOf("=MD5", StringComparison.Ordinal), "the stronger comes first");
        var answer = bench.Receive(Signed(bench.Src, challenge, algorithm, 2))[^1];
        Assert.StartsWith("SIP/2.0 200 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("response=", "response=0")]
    [InlineData("username=\"sbc1\"", "username=\"sbc2\"")]
    [InlineData("realm=\"talreg\"", "realm=\"other\"")]
    [InlineData("qop=auth", "qop=auth-int")]
    [InlineData("uri=\"sip:srs@example.com\"", "uri=\"sip:other@example.com\"")]
    [InlineData("nonce=\"", "nonce=\"00")]
    [InlineData("algorithm=SHA-256", "algorithm=MD5")]
    [InlineData("algorithm=SHA-256", "algorithm=SHA-1")]
    [InlineData("nc=00000001", "nc=1")]
    [InlineData("Digest ", "Basic ")]
    [InlineData("cnonce=\"abc\"", "cnonce=\"\"")]
    public async Task Digest_that_is_wrong_is_challenged_again(string right, string wrong)
    {
        await using var bench = await CreateAsync(WithDigest(withMd5: false));
        var signed = Signed(bench.Src, Challenge(bench), "SHA-256", 2);
        Assert.Contains(right, signed, StringComparison.Ordinal);
        var answer = bench.Receive(signed.Replace(right, wrong, StringComparison.Ordinal))[^1];
        Assert.StartsWith("SIP/2.0 401 ", answer, StringComparison.Ordinal);
        Assert.Empty(bench.Application.Offers);
        Assert.Equal(2, bench.Application.Refusals.Count(one => one.Reason == SipRefusalReason.NotAuthenticated));
    }

    [Fact]
    public async Task Digest_replayed_is_challenged_again_and_the_next_count_is_good()
    {
        await using var bench = await CreateAsync(WithDigest(withMd5: false));
        var challenge = Challenge(bench);
        Assert.StartsWith(
            "SIP/2.0 200 ", bench.Receive(Signed(bench.Src, challenge, "SHA-256", 2))[^1], StringComparison.Ordinal);
        using var other = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        Assert.StartsWith(
            "SIP/2.0 401 ", bench.Receive(Signed(other, challenge, "SHA-256", 1))[^1], StringComparison.Ordinal);
        Assert.StartsWith(
            "SIP/2.0 200 ", bench.Receive(Signed(other, challenge, "SHA-256", 2, "00000002"))[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Digest_with_an_old_nonce_is_stale()
    {
        await using var bench = await CreateAsync(WithDigest(withMd5: false));
        var signed = Signed(bench.Src, Challenge(bench), "SHA-256", 2);
        bench.Advance(TimeSpan.FromMinutes(5.1));
        Assert.Contains("stale=true", bench.Receive(signed)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Nonces_beyond_those_followed_are_stale_and_never_good_again()
    {
        var book = new NonceBook(new Microsoft.Extensions.Time.Testing.FakeTimeProvider(), TimeSpan.FromMinutes(1));
        var first = book.Issue();
        Assert.Equal(NonceUse.Good, book.Use(first, "00000001"));
        for (var i = 0; i < NonceBook.MaxFollowed; i++)
        {
            book.Use(book.Issue(), "00000001");
        }

        Assert.Equal(NonceUse.Stale, book.Use(first, "00000001"));
        Assert.Equal(NonceUse.Stale, book.Use(first, "00000002"));
        Assert.Equal(NonceUse.Unknown, book.Use(new string('0', 64), "00000001"));
    }

    private static SipPeer WithDigest(bool withMd5)
    {
        var secret = Encoding.UTF8.GetBytes($"sbc1:talreg:{Password}");
        return Loopback with
        {
            Digest = new DigestCredential(
                "sbc1", Hash(HashAlgorithmName.SHA256, secret), withMd5 ? Hash(HashAlgorithmName.MD5, secret) : null),
        };
    }

    private static Task<EngineBench> CreateAsync(SipPeer peer) => EngineBench.CreateAsync(
        options: options => options with { Access = new SipAccess { Peers = [peer] } });

    private static string Challenge(EngineBench bench)
    {
        var answer = bench.Receive(bench.Src.Invite())[^1];
        Assert.StartsWith("SIP/2.0 401 ", answer, StringComparison.Ordinal);
        return answer;
    }

    private static string Signed(FakeSrc src, string challenge, string algorithm, int cseq, string count = "00000001")
    {
        const string Uri = "sip:srs@example.com";
        var nonce = challenge.Split("nonce=\"")[1].Split('"')[0];
        var name = algorithm == "MD5" ? HashAlgorithmName.MD5 : HashAlgorithmName.SHA256;
        string Digest(string text) => Hash(name, Encoding.UTF8.GetBytes(text));
        var response = Digest(string.Create(
            CultureInfo.InvariantCulture,
            $"{Digest($"sbc1:talreg:{Password}")}:{nonce}:{count}:abc:auth:{Digest("INVITE:" + Uri)}"));
        return src.Invite(cseq, headers: "Require: siprec\r\n"
            + "Authorization: Digest username=\"sbc1\", realm=\"talreg\", "
            + $"nonce=\"{nonce}\", uri=\"{Uri}\", response=\"{response}\", algorithm={algorithm}, cnonce=\"abc\", "
            + $"qop=auth, nc={count}\r\n");
    }

    private static string Hash(HashAlgorithmName name, byte[] text) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(name, text));
}
