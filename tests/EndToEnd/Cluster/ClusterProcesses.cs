using System.Globalization;
using System.Security.Cryptography;
using Talreg.TestKit;
using Talreg.TestKit.State;

namespace Talreg.EndToEnd.Tests.Cluster;

/// <summary>Two silos and a gateway as processes of their own, on loopback and a database of their own.</summary>
internal sealed class ClusterProcesses : IDisposable
{
    private const string TlsKeys = "TALREG_CLUSTER_TLS_";

    private readonly Dictionary<string, string> _environment;
    private readonly string _folder = Recorder.NewFolder();
    private readonly List<TalregProcess> _processes = [];
    private string _sip = "127.0.0.1:0";

    private ClusterProcesses(string database) =>
        _environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TALREG_DATABASE"] = database };

    /// <summary>A silo.</summary>
    public TalregProcess Near { get; private set; } = null!;

    /// <summary>Another one.</summary>
    public TalregProcess Far { get; private set; } = null!;

    /// <summary>The gateway.</summary>
    public TalregProcess Gateway { get; private set; } = null!;

    /// <summary>The gateway that stands by for the other's interface; where it was started with one.</summary>
    public TalregProcess Standby { get; private set; } = null!;

    /// <summary>
    /// Starts two silos and two gateways on one interface, <c>sip1</c>; the first owns it, the second stands by.
    /// </summary>
    /// <param name="server">Where the database is.</param>
    /// <param name="mediaTimeout">Seconds after which a take without packets is sealed.</param>
    /// <param name="floating">The address that goes with the interface; null for none.</param>
    public static async Task<ClusterProcesses> StartPairAsync(
        PostgresServer server, int mediaTimeout = 120, string? floating = null)
    {
        var cluster = new ClusterProcesses(await server.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        try
        {
            cluster._environment["TALREG_MEDIA_TIMEOUT"] = mediaTimeout.ToString(CultureInfo.InvariantCulture);
            await File.WriteAllBytesAsync(cluster.Path("cluster.key"), RandomNumberGenerator.GetBytes(32));

            // One after the other: a silo that answers late while another starts is put out of the cluster.
            cluster.Near = cluster.StartSilo("near");
            await cluster.Near.WaitUntilRunningAsync();
            cluster.Far = cluster.StartSilo("far");
            await cluster.Far.WaitUntilRunningAsync();
            if (floating is not null)
            {
                cluster._environment["TALREG_FLOATING_ADDRESS"] = floating;
                cluster._sip = "0.0.0.0:0";
            }

            cluster.Gateway = cluster.StartMember("gw1");
            await cluster.Gateway.WaitUntilRunningAsync();
            cluster.Standby = cluster.StartMember("gw2");
            await cluster.Standby.WaitUntilRunningAsync();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Starts a gateway on <c>sip1</c> that takes part in its ownership.</summary>
    public TalregProcess StartMember(string name) => Start(
        "gateway", "--data", Path(name), "--sip", _sip, "--http", "127.0.0.1:0", "--reading", "127.0.0.1:0",
        "--rtp-ports", "34000-34099", "--gateway", name, "--interface", "sip1", "--heartbeat", "127.0.0.1:0");

    /// <summary>Starts all three.</summary>
    public static async Task<ClusterProcesses> StartAsync(PostgresServer server, FakeAuthority? authority = null)
    {
        var cluster = new ClusterProcesses(await server.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        try
        {
            await File.WriteAllBytesAsync(cluster.Path("cluster.key"), RandomNumberGenerator.GetBytes(32));
            if (authority is not null)
            {
                cluster.Trust(authority);
            }

            // As above; the gateway finds its silos by itself.
            cluster.Gateway = cluster.StartGateway("gateway", "gw1");
            cluster.Near = cluster.StartSilo("near");
            await cluster.Near.WaitUntilRunningAsync();
            cluster.Far = cluster.StartSilo("far");
            await Task.WhenAll(cluster.Far.WaitUntilRunningAsync(), cluster.Gateway.WaitUntilRunningAsync());
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Starts a gateway; it may not get far.</summary>
    /// <param name="folder">Its data folder's name.</param>
    /// <param name="name">Its own.</param>
    /// <param name="authority">Whose certificate it has; null for the cluster's.</param>
    /// <param name="withCertificate">False for none at all.</param>
    /// <param name="rtpPorts">Its ports for media.</param>
    public TalregProcess StartGateway(
        string folder,
        string name,
        FakeAuthority? authority = null,
        bool withCertificate = true,
        string rtpPorts = "34000-34099")
    {
        if (authority is not null)
        {
            Trust(authority);
        }

        if (!withCertificate)
        {
            _environment.Keys.Where(key => key.StartsWith(TlsKeys, StringComparison.Ordinal)).ToList()
                .ForEach(key => _environment.Remove(key));
        }

        return Start(
            "gateway", "--data", Path(folder), "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--reading",
            "127.0.0.1:0", "--rtp-ports", rtpPorts, "--gateway", name, "--interface", $"sip-{name}");
    }

    public void Dispose()
    {
        _processes.ForEach(process => process.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A place in the cluster's folder.</summary>
    public string Path(params string[] parts) => System.IO.Path.Combine([_folder, .. parts]);

    private TalregProcess StartSilo(string name) => Start(
        "silo", "--data", Path(name), "--http", "127.0.0.1:0", "--silo", "127.0.0.1:0", "--silo-clients", "127.0.0.1:0",
        "--ledger", Path("ledger"), "--cluster-key", Path("cluster.key"));

    private TalregProcess Start(params string[] arguments)
    {
        var process = TalregProcess.Start(arguments, _environment);
        _processes.Add(process);
        return process;
    }

    private void Trust(FakeAuthority authority)
    {
        var folder = Directory.CreateDirectory(Path($"tls{_processes.Count}")).FullName;
        var (certificate, key) = authority.Write(folder, authority.Issue(["node.test"]));
        File.WriteAllText(System.IO.Path.Combine(folder, "roots.pem"), authority.Root.ExportCertificatePem());
        _environment[TlsKeys + "CERTIFICATE"] = certificate;
        _environment[TlsKeys + "KEY"] = key;
        _environment[TlsKeys + "TRUST"] = System.IO.Path.Combine(folder, "roots.pem");
    }
}
