using Talreg.Contracts;
using Talreg.Hardware.Udp;
using Talreg.Store.Journal;

namespace Talreg.Silo.Options;

/// <summary>A configuration key and what it may hold, in the words of a refusal.</summary>
/// <param name="Name">The key, as in <c>talreg.json</c>.</param>
/// <param name="Allowed">What it may hold.</param>
internal sealed record SettingKey(string Name, string Allowed)
{
    private const string EndPoint = "an address and a port such as 0.0.0.0:5060 or [::1]:5060; port 0 takes a free one";
    private const string EndPoints = EndPoint + "; up to 16, separated by commas";
    private const string ClusterEndPoint =
        "an address of this machine and a port such as 10.0.0.1:11111, port 0 for a free one; of loopback unless "
        + "cluster-tls-certificate, -key and -trust are given";

    private const string PemFile = "the path of a PEM file";

    public static readonly SettingKey Data = new("data", "the path of a folder");

    public static readonly SettingKey Sip = new("sip", EndPoints);

    public static readonly SettingKey SipTls = new("sip-tls", EndPoints);

    public static readonly SettingKey SipTlsCertificate = new("sip-tls-certificate", PemFile);

    public static readonly SettingKey SipTlsKey = new("sip-tls-key", PemFile);

    public static readonly SettingKey SipTlsTrust = new("sip-tls-trust", PemFile);

    public static readonly SettingKey SipClients = new(
        "sip-clients",
        "the path of a JSON file {\"realm\": …, \"clients\": [{\"name\": …, \"networks\": [\"192.0.2.0/24\"], "
        + "\"certificates\": [\"sbc1.example.com\"], \"digest\": {\"user\": …, \"sha256\": …, \"md5\": …}}]}");

    public static readonly SettingKey Codecs = new(
        "codecs", "up to 32 SDP encoding names such as PCMA,opus, by commas");

    public static readonly SettingKey SrtpKeysInClear = new("srtp-keys-in-clear", "yes or no");

    public static readonly SettingKey Http = new("http", EndPoint);

    public static readonly SettingKey RtpPorts = new(
        "rtp-ports",
        "a range low-high within 1024-65535 that starts even, ends odd and holds at least 4 ports, such as 20000-29999");

    public static readonly SettingKey Receive = new("receive", "auto, scan or gathered");

    public static readonly SettingKey ReceiveShards = Number("receive-shards", 1, UdpDeviceOptions.MaxShards, "shards");

    public static readonly SettingKey RtcpReports = new("rtcp-reports", "yes or no");

    public static readonly SettingKey Tenant = Named("tenant", 32);

    public static readonly SettingKey Site = Named("site", 16);

    public static readonly SettingKey Gateway = Named("gateway", 32);

    public static readonly SettingKey Interface = Named("interface", 32);

    public static readonly SettingKey Policy = Named("policy", 32);

    public static readonly SettingKey PolicyApproval = new("policy-approval", "two-after-first, two or one");

    public static readonly SettingKey MediaTimeout = Number("media-timeout", 5, 86_400, "seconds");

    public static readonly SettingKey SegmentMib = Number("segment-mib", 4, 4_096, "MiB");

    public static readonly SettingKey ReserveSegments = Number("reserve-segments", 0, 64, "segments");

    public static readonly SettingKey StallMib = Number("stall-mib", 16, 65_536, "MiB");

    public static readonly SettingKey SpaceAlarm = Number("space-alarm", 10, 99, "per cent");

    public static readonly SettingKey SpaceRefuse = Number("space-refuse", 10, 100, "per cent");

    public static readonly SettingKey Volumes = new(
        "volumes", $"up to {JournalOptions.MaxVolumes} different folders, separated by commas");

    public static readonly SettingKey PreBufferMib = Number("prebuffer-mib", 0, 65_536, "MiB");

    public static readonly SettingKey ScrubMibPerSecond = Number("scrub-mib-per-second", 0, 10_000, "MiB a second");

    public static readonly SettingKey ScrubDays = Number("scrub-days", 1, 365, "days");

    public static readonly SettingKey Archive = new(
        "archive", "the path of a folder that is there, on another disk or machine; not within data");

    public static readonly SettingKey Lines = new(
        "lines", $"up to 1000 number prefixes of at most {Names.MaxLineLength} characters, separated by commas");

    public static readonly SettingKey LedgerPublic = new("ledger-public", "yes or no");

    public static readonly SettingKey Witnesses = new(
        "witnesses",
        "the path of a file with up to 8 lines, each a witness's key, a space and its URL: "
        + "name+keyid+key https://host/path");

    public static readonly SettingKey WitnessQuorum = Number(
        "witness-quorum", 1, 8, "witnesses, not more than there are");

    public static readonly SettingKey TimestampAuthority = new(
        "timestamp-authority", "the URL of a time-stamping authority (RFC 3161), beside timestamp-trust");

    public static readonly SettingKey TimestampTrust = new("timestamp-trust", PemFile);

    public static readonly SettingKey Database = new(
        "database",
        "a connection string of Npgsql with Host and Database; Host on this machine (a socket's folder or 127.0.0.1), or "
        + "SSL Mode=VerifyFull or VerifyCA");

    public static readonly SettingKey Cluster = Named("cluster", 32);

    public static readonly SettingKey Silo = new("silo", ClusterEndPoint);

    public static readonly SettingKey SiloClients = new("silo-clients", ClusterEndPoint);

    public static readonly SettingKey Ledger = new(
        "ledger", "the path of a folder that every silo of the cluster sees");

    public static readonly SettingKey ClusterKey = new(
        "cluster-key", "the path of a file of 32 random bytes, the same for every silo (openssl rand -out FILE 32)");

    public static readonly SettingKey Reading = new("reading", ClusterEndPoint);

    public static readonly SettingKey Heartbeat = new("heartbeat", ClusterEndPoint);

    public static readonly SettingKey FloatingAddress = new(
        "floating-address",
        "an IPv4 address, its network's bits and a device, such as 10.0.0.100/24@eth0; needs heartbeat");

    public static readonly SettingKey ClusterTlsCertificate = new("cluster-tls-certificate", PemFile);

    public static readonly SettingKey ClusterTlsKey = new("cluster-tls-key", PemFile);

    public static readonly SettingKey ClusterTlsTrust = new("cluster-tls-trust", PemFile);

    /// <summary>Every key there is.</summary>
    public static readonly IReadOnlyList<SettingKey> All =
    [
        Data, Sip, SipTls, SipTlsCertificate, SipTlsKey, SipTlsTrust, SipClients, Codecs, SrtpKeysInClear, Http,
        RtpPorts, Receive, ReceiveShards, RtcpReports, Tenant, Site, Gateway, Interface, Policy, PolicyApproval,
        MediaTimeout,
        SegmentMib, Volumes, ReserveSegments, StallMib, SpaceAlarm, SpaceRefuse, Lines, PreBufferMib,
        ScrubMibPerSecond, ScrubDays, Archive, LedgerPublic, Witnesses, WitnessQuorum,
        TimestampAuthority, TimestampTrust,
        Database, Cluster, Silo, SiloClients, Ledger, ClusterKey, Reading, Heartbeat, FloatingAddress,
        ClusterTlsCertificate, ClusterTlsKey, ClusterTlsTrust,
    ];

    /// <summary>The least and the most of a number or of a name's length; 0 where neither is.</summary>
    public (int Low, int High) Bounds { get; private init; }

    /// <summary>The key of a name, in whatever case; null when there is none.</summary>
    public static SettingKey? Find(string name) =>
        All.FirstOrDefault(key => key.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static SettingKey Named(string name, int longest) =>
        new(name, $"1 to {longest} of a-z, 0-9 and hyphen, no hyphen first or last") { Bounds = (1, longest) };

    private static SettingKey Number(string name, int low, int high, string unit) =>
        new(name, $"{low} to {high} {unit}") { Bounds = (low, high) };
}
