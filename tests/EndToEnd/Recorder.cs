using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// A whole recorder in this process, on loopback and in a folder of its own, with a client of its API.
/// </summary>
internal sealed class Recorder : RecorderClient, IAsyncDisposable
{
    private const int FirstPort = 21_000;

    private readonly RecorderHost _host;
    private readonly bool _ownsFolder;

    private Recorder(RecorderHost host, string folder, bool ownsFolder)
        : base(host.Http)
    {
        _host = host;
        Folder = folder;
        _ownsFolder = ownsFolder;
    }

    public string Folder { get; }

    public IPEndPoint Sip => _host.Gateway.SipEndPoint;

    public IPEndPoint SipTcp => _host.Gateway.SipTcpEndPoint;

    /// <summary>Where SIP is heard under TLS; null for nowhere.</summary>
    public IPEndPoint? SipTls => _host.Gateway.SipTlsEndPoint;

    public IServiceProvider Services => _host.Services;

    /// <summary>A folder for one test.</summary>
    public static string NewFolder() => Directory.CreateTempSubdirectory("talreg-e2e-").FullName;

    /// <summary>Starts a recorder; a folder that is given is kept.</summary>
    public static async Task<Recorder> StartAsync(
        string? folder = null, int ports = 400, Func<RecorderSettings, RecorderSettings>? change = null)
    {
        var settings = new RecorderSettings
        {
            Data = folder ?? NewFolder(),
            Sip = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            RtpLow = FirstPort,
            RtpHigh = FirstPort + ports - 1,
            SegmentBytes = 16 << 20,
        };
        var console = new RecorderConsole { BootstrapToken = Token, LogLevel = LogLevel.Warning };
        settings = change?.Invoke(settings) ?? settings;
        var host = await RecorderHost.OpenAsync(settings, console, CancellationToken.None);
        await host.StartAsync(CancellationToken.None);
        return new Recorder(host, settings.Data, folder is null);
    }

    public async ValueTask DisposeAsync()
    {
        Dispose();
        await _host.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
