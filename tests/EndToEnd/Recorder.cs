using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// A whole recorder in this process, on loopback and in a folder of its own, with a client of its API.
/// </summary>
internal sealed class Recorder : IAsyncDisposable
{
    public const string Token = "tlr_end-to-end-test-token-0123456789";

    private const int FirstPort = 21_000;

    private readonly RecorderHost _host;
    private readonly bool _ownsFolder;

    private Recorder(RecorderHost host, string folder, bool ownsFolder)
    {
        _host = host;
        Folder = folder;
        _ownsFolder = ownsFolder;
        Http = new HttpClient { BaseAddress = host.Http };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public string Folder { get; }

    public HttpClient Http { get; }

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

    public async Task<CallDocument?> GetAsync(string id)
    {
        using var response = await Http.GetAsync(new Uri($"api/v1/calls/{id}", UriKind.Relative));
        return response.IsSuccessStatusCode
            ? await response.Content.ReadFromJsonAsync<CallDocument>(TalregJson.Options)
            : null;
    }

    public async Task<List<CallDocument>> SearchAsync(string query)
    {
        var page = await Http.GetFromJsonAsync<JsonObject>(new Uri($"api/v1/calls?{query}", UriKind.Relative));
        return page!["items"].Deserialize<List<CallDocument>>(TalregJson.Options)!;
    }

    public async Task<List<CallDocument>> SearchAllAsync(string query)
    {
        var all = new List<CallDocument>();
        for (string? cursor = null; ;)
        {
            var next = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var page = await Http.GetFromJsonAsync<JsonObject>(new Uri(
                $"api/v1/calls?{query}&limit=50{next}", UriKind.Relative));
            all.AddRange(page!["items"].Deserialize<List<CallDocument>>(TalregJson.Options)!);
            cursor = page["next"]?.GetValue<string>();
            if (cursor is null)
            {
                return all;
            }
        }
    }

    /// <summary>Waits until a session's call has reached a state.</summary>
    public async Task<CallDocument> WaitForAsync(string sessionId, CallState state)
    {
        CallDocument? found = null;
        await Wait.UntilAsync(
            async () =>
            {
                found = (await SearchAsync("limit=500")).Find(call =>
                    call.SessionId == sessionId && call.State == state);
                return found is not null;
            },
            $"call of session {sessionId} to be {state}",
            TimeSpan.FromSeconds(20));
        return (await GetAsync(found!.Id.ToString()))!;
    }

    public async Task<byte[]> AudioAsync(CallId call) =>
        await Http.GetByteArrayAsync(new Uri($"api/v1/calls/{call}/audio?purpose=test", UriKind.Relative));

    public async Task<byte[]> EvidenceAsync(CallId call) =>
        await Http.GetByteArrayAsync(new Uri($"api/v1/calls/{call}/evidence?purpose=test", UriKind.Relative));

    public async Task<string> KeyAsync() =>
        (await Http.GetStringAsync(new Uri("ledger/key", UriKind.Relative))).Trim();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _host.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
