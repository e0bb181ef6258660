using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Talreg.Evidence.Keys;
using Talreg.Evidence.Ledger;
using Talreg.Silo.Hosting.Cluster;
using Talreg.Silo.Reading;
using Talreg.Store.Keys;
using Talreg.Store.Reading;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Tests.Reading;

/// <summary>A gateway's reading server on loopback, over a folder with one recording: the frozen sample.</summary>
internal sealed class ReadingHost : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RootKey _root = new(new byte[KeyTree.KeySize]);
    private readonly FileKeyStore _keys;
    private readonly ReadingServer _server;

    private ReadingHost(ClusterTls? tls)
    {
        Signer = new LogSigner("tickets", RandomNumberGenerator.GetBytes(32));
        Desk = new TicketDesk("gw1", TimeProvider.System) { Key = Signer.Verifier };
        _keys = FileKeyStore.Open(_folder.Path, _root);
        Options = new ReadingOptions(new IPEndPoint(IPAddress.Loopback, FreePort()), tls);
        _server = new ReadingServer(
            Options, Desk, new RecordingStore(_folder.Path, _keys), () => Shedding, NullLoggerFactory.Instance);
    }

    public ReadingOptions Options { get; }

    public LogSigner Signer { get; }

    public TicketDesk Desk { get; }

    public ReadingServer Server => _server;

    public bool Shedding { get; set; }

    /// <summary>The recording's bytes.</summary>
    public byte[] Recording { get; private set; } = [];

    /// <summary>What its file says.</summary>
    public RecordingInfo Info { get; private set; } = null!;

    /// <summary>Its key.</summary>
    public byte[] TakeKey { get; private set; } = [];

    public static async Task<ReadingHost> StartAsync(ClusterTls? tls = null)
    {
        var host = new ReadingHost(tls);
        var vectors = Vectors();
        var sample = Path.Combine(vectors, "recording.trec");
        using (var reader = RecordingReader.Open(sample))
        {
            host.Info = reader.Info;
        }

        host.Recording = await File.ReadAllBytesAsync(sample);
        var keys = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(vectors, "keys.json")))!;
        host.TakeKey = Convert.FromHexString(keys["take"]!.GetValue<string>());
        var milliseconds = Convert.ToInt64(host.Info.TakeId.ToString("N")[..12], 16);
        var day = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            .ToString("yyyy/MM/dd", CultureInfo.InvariantCulture);
        var folder = Path.Combine(host._folder.Path, "recordings", host.Info.Tenant, day);
        Directory.CreateDirectory(folder);
        File.Copy(sample, Path.Combine(folder, $"{host.Info.TakeId}.trec"));
        await host._keys.PutAsync(KeyKind.Take, host.Info.TakeId, host.Info.Tenant, host.TakeKey);
        await host._server.StartAsync(CancellationToken.None);
        return host;
    }

    /// <summary>Destroys the key.</summary>
    public async Task EraseAsync() => await _keys.DestroyAsync(KeyKind.Take, Info.TakeId);

    /// <summary>What is asked for.</summary>
    public Uri Address(string what) => new(Options.Address, $"takes/{Info.Tenant}/{Info.TakeId}/{what}");

    /// <summary>A ticket for the recording.</summary>
    public string Ticket(ReadKind kind, long first = 0, int length = 0) => new ReadTicket
    {
        Id = Guid.NewGuid(),
        Gateway = "gw1",
        Incarnation = Desk.Incarnation,
        Tenant = Info.Tenant,
        Call = Info.CallId,
        Take = Info.TakeId,
        Kind = kind,
        Actor = "auditor",
        Purpose = "test",
        First = first,
        Length = length,
        Expires = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(30),
    }.Sign(Signer);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
        _keys.Dispose();
        _root.Dispose();
        Signer.Dispose();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static string Vectors()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Talreg.slnx")))
            {
                return Path.Combine(folder.FullName, "tests", "vectors", "v1");
            }
        }

        throw new InvalidOperationException($"Talreg.slnx is not above {AppContext.BaseDirectory}");
    }
}
