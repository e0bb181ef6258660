using System.Net;
using Talreg.Grains.Policies;
using Talreg.Silo.Options;

namespace Talreg.Silo.Tests;

/// <summary>Where settings come from, and what is refused.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Per key, what it may not hold.</summary>
    public static TheoryData<string, string> WrongValues { get; } = new()
    {
        { "sip", "5060" },
        { "sip", "localhost:5060" },
        { "sip", "127.0.0.1" },
        { "sip", "127.1:5060" },
        { "sip", "::1:5060" },
        { "sip", "[::1]" },
        { "sip", "[127.0.0.1]:5060" },
        { "sip", "127.0.0.1:65536" },
        { "sip", "127.0.0.1:-1" },
        { "sip", "127.0.0.1:5060,5061" },
        { "sip-tls", "127.0.0.1" },
        { "codecs", "PCMA/8000" },
        { "http", "8080" },
        { "http", "http://127.0.0.1:8080" },
        { "rtp-ports", "20000" },
        { "rtp-ports", "20001-20010" },
        { "rtp-ports", "20000-20010" },
        { "rtp-ports", "20000-20001" },
        { "rtp-ports", "1022-2001" },
        { "rtp-ports", "64000-65537" },
        { "rtp-ports", "20000-29999-30001" },
        { "rtcp-reports", "off" },
        { "srtp-keys-in-clear", "true" },
        { "tenant", "Bank" },
        { "tenant", "a.b" },
        { "site", "seventeen-letters" },
        { "gateway", "-gw" },
        { "interface", "sip/1" },
        { "policy", "the policy" },
        { "policy-approval", "three" },
        { "media-timeout", "4" },
        { "media-timeout", "86401" },
        { "media-timeout", "2 min" },
        { "segment-mib", "3" },
        { "segment-mib", "4097" },
        { "stall-mib", "15" },
        { "stall-mib", "65537" },
        { "segment-mib", "1e2" },
        { "prebuffer-mib", "-1" },
        { "prebuffer-mib", "65537" },
        { "scrub-mib-per-second", "10001" },
        { "scrub-mib-per-second", "1.5" },
        { "scrub-days", "0" },
        { "archive", "/nowhere/archive" },
        { "reading", "0.0.0.0:8090" },
        { "lines", new string('1', 300) },
        { "cluster", "Bank" },
        { "silo", "11111" },
        { "silo", "0.0.0.0:11111" },
        { "silo", "[::]:11111" },
        { "silo", "192.0.2.1:11111" },
        { "silo-clients", "127.0.0.1" },
        { "heartbeat", "0.0.0.0:7946" },
        { "floating-address", "10.0.0.100/24@eth0" },
        { "heartbeat", "192.0.2.1:7946" },
        { "cluster-key", "/nowhere/cluster.key" },
        { "cluster-tls-certificate", "/nowhere/node.pem" },
    };

    public static TheoryData<string> Keys { get; } = new(SettingKey.All.Select(key => key.Name));

    [Theory]
    [MemberData(nameof(WrongValues))]
    public void Read_wrong_value_names_the_key_what_it_held_and_what_it_may_hold(string key, string value)
    {
        var refused = Assert.Throws<SettingsException>(() => Read(environment: [(Variable(key), value)]));

        Assert.Equal(key, refused.Key);
        Assert.Equal($"{key} holds '{value}'; it may hold {SettingKey.Find(key)!.Allowed}.", refused.Message);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Read_key_without_a_value_is_refused_wherever_it_stands(string key)
    {
        var message = $"{key} holds nothing; it may hold {SettingKey.Find(key)!.Allowed}.";

        Assert.Equal(message, Refusal($$"""{"{{key}}":null}"""));
        Assert.Equal(message, Refusal($$"""{"{{key}}":""}"""));
        Assert.Equal(message, Refusal(environment: [(Variable(key), " ")]));
        Assert.Equal(message, Refusal(commandLine: [(key, "")]));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Read_group_or_list_where_one_value_belongs_is_refused(string key)
    {
        foreach (var json in new[] { $$$"""{"{{{key}}}":{"x":"1"}}""", $$"""{"{{key}}":["1","2"]}""" })
        {
            Assert.StartsWith(
                $"{key} holds '{{...}}'; it may hold one value: ", Refusal(json), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_unknown_key_is_refused_with_the_keys_there_are()
    {
        Assert.Equal(
            "retention holds '5y'; it may hold nothing: there is no such key. Keys are "
            + $"{string.Join(", ", SettingKey.All.Select(key => key.Name))}.",
            Refusal("""{"retention":"5y"}"""));
        Assert.StartsWith(
            "rtp-port holds '2-5'; it may hold nothing",
            Refusal(environment: [("TALREG_RTP_PORT", "2-5")]),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "talreg_sip holds '127.0.0.1:1'; it may hold nothing",
            Refusal(environment: [("talreg_sip", "127.0.0.1:1")]),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"sip\":")]
    [InlineData("[1]")]
    [InlineData("{\"sip\":\"127.0.0.1:1\",\"SIP\":\"127.0.0.1:2\"}")]
    public void Load_file_that_is_no_object_of_settings_is_refused_in_one_line(string json)
    {
        var refused = Assert.Throws<SettingsException>(() => Read(json));

        Assert.EndsWith("talreg.json", refused.Key, StringComparison.Ordinal);
        Assert.EndsWith("it may hold a JSON object of settings.", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void Read_command_line_outweighs_environment_and_environment_outweighs_the_file()
    {
        const string Json = """{"sip":"127.0.0.1:1","http":"127.0.0.1:1","site":"file","media-timeout":30}""";
        (string, string)[] environment = [("TALREG_SIP", "127.0.0.1:2"), ("TALREG_HTTP", "127.0.0.1:2")];

        var settings = Read(Json, environment, [("sip", "127.0.0.1:3")]);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 3), settings.Sip);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 2), settings.Http);
        Assert.Equal("file", settings.Site);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.MediaTimeout);
    }

    [Fact]
    public void Read_every_key_reaches_its_setting()
    {
        var settings = Read("""
            {"data":"/srv/talreg","sip":"[::1]:5062","http":"0.0.0.0:8081","rtp-ports":"30000-30099","tenant":"bank",
             "site":"north","gateway":"gw7","interface":"sip7","policy":"mifid","media-timeout":"60","segment-mib":"64",
             "lines":"+4930, 08","rtcp-reports":"no","policy-approval":"two"}
            """);

        Assert.Equal("/srv/talreg", settings.Data);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 5062), settings.Sip);
        Assert.Equal(new IPEndPoint(IPAddress.Any, 8081), settings.Http);
        Assert.Equal((30_000, 30_099), (settings.RtpLow, settings.RtpHigh));
        Assert.Equal(
            ("bank", "north", "gw7", "sip7", "mifid"),
            (settings.Tenant, settings.Site, settings.Gateway, settings.Interface, settings.Policy));
        Assert.Equal((TimeSpan.FromMinutes(1), 64L << 20), (settings.MediaTimeout, settings.SegmentBytes));
        Assert.Equal(["+4930", "08"], settings.Lines);
        Assert.False(settings.RtcpReports);
        Assert.Equal(PolicyApproval.Two, settings.PolicyApproval);
        Assert.Equal(PolicyApproval.TwoAfterFirst, Read("{}").PolicyApproval);
    }

    [Fact]
    public void Read_nothing_given_holds_the_defaults_of_the_readme()
    {
        var settings = Read();

        Assert.Equal(Path.GetFullPath("talreg-data"), settings.Data);
        Assert.Equal(("0.0.0.0:5060", "127.0.0.1:8080"), ($"{settings.Sip}", $"{settings.Http}"));
        Assert.Equal((20_000, 29_999), (settings.RtpLow, settings.RtpHigh));
        Assert.Equal((TimeSpan.FromSeconds(120), 256L << 20), (settings.MediaTimeout, settings.SegmentBytes));
        Assert.Empty(settings.Lines);
    }

    [Theory]
    [InlineData("Host=10.0.0.5;Database=talreg;Password=secret")]
    [InlineData("Host=10.0.0.5;Database=talreg;SSL Mode=Require;Password=secret")]
    [InlineData("Host=127.0.0.1,10.0.0.5;Database=talreg;Password=secret")]
    [InlineData("Host=localhost;Database=talreg;Password=secret")]
    [InlineData("Database=talreg;Password=secret")]
    [InlineData("Host=/run/postgresql;Password=secret")]
    [InlineData("Host=/run/postgresql;Database=talreg;Pasword=secret")]
    [InlineData("secret")]
    public void Read_database_in_clear_or_incomplete_is_refused_and_not_shown(string value)
    {
        var refused = Refusal(environment: [("TALREG_DATABASE", value)]);

        Assert.Equal($"database holds '(not shown)'; it may hold {SettingKey.Database.Allowed}.", refused);
        Assert.DoesNotContain("secret", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=/run/postgresql;Database=talreg")]
    [InlineData("Host=127.0.0.1;Database=talreg;Username=t")]
    [InlineData("Host=db1.example.com,db2.example.com;Database=talreg;SSL Mode=VerifyFull;Root Certificate=/ca.pem")]
    public void Read_database_on_this_machine_or_verified_reaches_its_setting(string value) =>
        Assert.Equal(value, Read(environment: [("TALREG_DATABASE", value)]).Cluster.Database);

    [Fact]
    public void Read_cluster_keys_reach_their_settings_and_the_first_one_is_named()
    {
        var file = Path.Combine(_folder.Path, "a.pem");
        File.WriteAllText(file, "");
        var cluster = Read($$"""
            {"cluster":"north","silo":"192.0.2.1:11","silo-clients":"192.0.2.1:12","ledger":"/srv/ledger",
             "cluster-key":"{{file}}","reading":"192.0.2.1:13","cluster-tls-certificate":"{{file}}",
             "cluster-tls-key":"{{file}}","cluster-tls-trust":"{{file}}"}
            """).Cluster;

        Assert.Equal(("cluster", "north"), (cluster.Given, cluster.Id));
        Assert.Equal(
            ("192.0.2.1:11", "192.0.2.1:12", "192.0.2.1:13"),
            ($"{cluster.Silo}", $"{cluster.SiloClients}", $"{cluster.Reading}"));
        Assert.Equal(("/srv/ledger", file), (cluster.Ledger, cluster.Key));
        Assert.Equal(new ClusterTlsSettings(file, file, file), cluster.Tls);
        Assert.Null(Read().Cluster.Given);
    }

    [Fact]
    public void Read_archive_is_a_folder_that_is_there_and_not_within_data()
    {
        var within = Directory.CreateDirectory(Path.Combine(_folder.Path, "data", "archive")).FullName;
        (string, string) data = ("TALREG_DATA", Path.Combine(_folder.Path, "data"));

        Assert.Equal(_folder.Path, Read(environment: [data, ("TALREG_ARCHIVE", _folder.Path)]).Archive);
        Assert.StartsWith(
            $"archive holds '{within}'", Refusal(environment: [data, ("TALREG_ARCHIVE", within)]),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cluster-tls-certificate")]
    [InlineData("cluster-tls-key")]
    [InlineData("cluster-tls-trust")]
    public void Read_part_of_the_cluster_s_certificates_is_refused(string missing)
    {
        var file = Path.Combine(_folder.Path, "a.pem");
        File.WriteAllText(file, "");
        string[] keys = ["cluster-tls-certificate", "cluster-tls-key", "cluster-tls-trust"];

        Assert.StartsWith(
            $"{missing} holds nothing",
            Refusal(environment: [.. keys.Where(key => key != missing).Select(key => (Variable(key), file))]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_silo_and_its_clients_on_two_addresses_is_refused() => Assert.StartsWith(
        "silo-clients holds '127.0.0.2:1'; it may hold a port of the address that silo has",
        Refusal("""{"silo":"127.0.0.1:1","silo-clients":"127.0.0.2:1"}"""),
        StringComparison.Ordinal);

    [Fact]
    public void Load_reserved_names_are_no_keys()
    {
        var settings = Read(environment:
        [
            ("TALREG_BOOTSTRAP_TOKEN", "x"), ("TALREG_PEERS", "required"), ("TALREG_TOKEN", "x"), ("PATH", "/bin"),
        ]);

        Assert.Equal("site1", settings.Site);
    }

    [Fact]
    public void Readme_has_a_row_for_every_key()
    {
        var readme = File.ReadAllText(Path.Combine(Root(), "README.md"));

        Assert.All(SettingKey.All, key => Assert.Contains($"`{key.Name}`", readme, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private static string Variable(string key) => $"TALREG_{key.ToUpperInvariant().Replace('-', '_')}";

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Talreg.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("No Talreg.slnx above the test program.");
    }

    private string Refusal(
        string? json = null, (string, string)[]? environment = null, (string, string)[]? commandLine = null) =>
        Assert.Throws<SettingsException>(() => Read(json, environment, commandLine)).Message;

    private RecorderSettings Read(
        string? json = null, (string, string)[]? environment = null, (string, string)[]? commandLine = null)
    {
        var file = Path.Combine(_folder.Path, "talreg.json");
        if (json is null)
        {
            File.Delete(file);
        }
        else
        {
            File.WriteAllText(file, json);
        }

        return SettingsReader.Read(SettingsReader.Load(file, Pairs(environment), Pairs(commandLine)));
    }

    private static IEnumerable<KeyValuePair<string, string?>> Pairs((string Key, string Value)[]? pairs) =>
        (pairs ?? []).Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value));
}
