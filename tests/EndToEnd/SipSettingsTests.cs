using Microsoft.Extensions.Configuration;
using Talreg.Silo.Options;

namespace Talreg.EndToEnd.Tests;

/// <summary>Settings of SIP: what they mean, and what refuses to start by name.</summary>
public sealed class SipSettingsTests : IDisposable
{
    private const string Sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-settings-").FullName;

    [Fact]
    public void Read_several_addresses_and_codecs()
    {
        var settings = Read(("sip", "127.0.0.1:5060, [::1]:5060"), ("codecs", "PCMA, opus"));
        Assert.Equal("127.0.0.1:5060", settings.Sip.ToString());
        Assert.Equal("[::1]:5060", Assert.Single(settings.SipAlso).ToString());
        Assert.Equal(["PCMA", "opus"], settings.Codecs);
        Assert.Null(settings.SipTls);
        Assert.Empty(settings.SipAccess.Peers);
    }

    [Fact]
    public void Read_tls_with_certificate_key_and_roots()
    {
        var (certificate, key, trust) = (Write("c.pem", "x"), Write("k.pem", "x"), Write("t.pem", "x"));
        var tls = Read(
            ("sip-tls", "0.0.0.0:5061"), ("sip-tls-certificate", certificate), ("sip-tls-key", key),
            ("sip-tls-trust", trust)).SipTls!;
        Assert.Equal((certificate, key, trust), (tls.CertificatePath, tls.KeyPath, tls.TrustPath));
        Assert.Equal(5061, Assert.Single(tls.Listeners).Port);
    }

    [Fact]
    public void Read_clients_of_a_file()
    {
        var path = Write("clients.json", """
            {"realm":"bank","clients":[{"name":"sbc1","networks":["192.0.2.0/24"],"certificates":["sbc1.example.com"],
             "digest":{"user":"u","sha256":"SHA"}},{"name":"sbc2","networks":["2001:db8::/32"]}]}
            """.Replace("SHA", Sha, StringComparison.Ordinal));
        var pem = Write("x.pem", "x");
        var access = Read(
            ("sip-clients", path), ("sip-tls", "127.0.0.1:0"), ("sip-tls-certificate", pem), ("sip-tls-key", pem),
            ("sip-tls-trust", pem)).SipAccess;
        Assert.Equal("bank", access.Realm);
        Assert.Equal(["sbc1", "sbc2"], access.Peers.Select(peer => peer.Name));
        Assert.Equal((Sha, null), (access.Peers[0].Digest!.Sha256, access.Peers[0].Digest!.Md5));
    }

    [Theory]
    [InlineData("sip", "127.0.0.1")]
    [InlineData("sip", "127.0.0.1:5060,")]
    [InlineData("codecs", "PCMA;opus")]
    [InlineData("srtp-keys-in-clear", "true")]
    [InlineData("sip-tls-key", "/etc/hostname")]
    [InlineData("sip-clients", "/nowhere.json")]
    public void Read_a_value_that_cannot_be_used_refuses_by_name(string key, string value)
    {
        var refused = Assert.Throws<SettingsException>(() => Read((key, value)));
        Assert.StartsWith(key == "sip-tls-key" ? "sip-tls" : key, refused.Key, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"clients\":[]}")]
    [InlineData("{\"clients\":[{\"name\":\"a\"}]}")]
    [InlineData("{\"clients\":[{\"name\":\"\",\"networks\":[\"192.0.2.0/24\"]}]}")]
    [InlineData("{\"clients\":[{\"name\":\"a\",\"networks\":[\"192.0.2.1/24x\"]}]}")]
    [InlineData("{\"clients\":[{\"name\":\"a\",\"network\":[\"192.0.2.0/24\"]}]}")]
    [InlineData("{\"clients\":[{\"name\":\"a\",\"digest\":{\"user\":\"u\",\"sha256\":\"short\"}}]}")]
    [InlineData("{\"clients\":[{\"name\":\"a\",\"networks\":[\"::/0\"]},{\"name\":\"a\",\"networks\":[\"::/0\"]}]}")]
    public void Read_a_file_of_clients_that_is_not_sound_refuses_by_name(string document)
    {
        var path = Write("clients.json", document);
        Assert.Equal("sip-clients", Assert.Throws<SettingsException>(() => Read(("sip-clients", path))).Key);
    }

    [Fact]
    public void Read_clients_known_by_certificate_without_roots_refuses_by_name()
    {
        var path = Write("clients.json", """{"clients":[{"name":"a","certificates":["a.example.com"]}]}""");
        Assert.Equal("sip-tls-trust", Assert.Throws<SettingsException>(() => Read(("sip-clients", path))).Key);
    }

    [Fact]
    public void Read_tls_without_a_certificate_refuses_by_name() =>
        Assert.Equal(
            "sip-tls-certificate", Assert.Throws<SettingsException>(() => Read(("sip-tls", "0.0.0.0:5061"))).Key);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static RecorderSettings Read(params (string Key, string Value)[] values) => SettingsReader.Read(
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
            .Build());

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
