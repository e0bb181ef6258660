using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Talreg.EndToEnd.Tests.Monitoring;

/// <summary>Debian's Prometheus as a process of its own, which scrapes one recorder twice a second under our rules.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    public const string Package = "prometheus";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _log;
    private readonly HttpClient _http;
    private readonly string _folder;

    private PrometheusServer(Process process, HttpClient http, string folder)
    {
        _process = process;
        _log = process.StandardError.ReadToEndAsync();
        _http = http;
        _folder = folder;
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public static async Task<PrometheusServer> StartAsync(Uri recorder)
    {
        var folder = Recorder.NewFolder();
        var configuration = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $"""
            global:
              scrape_interval: 500ms
              scrape_timeout: 500ms
              evaluation_interval: 1s
            rule_files:
              - {Path.Combine(MonitoringFiles.Folder, "talreg.rules.yml")}
            scrape_configs:
              - job_name: talreg
                static_configs:
                  - targets: ['{recorder.Authority}']
            """);
        var port = FreePort();
        var start = new ProcessStartInfo(
            Peer.Require("prometheus", Package),
            [
                $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder, "data")}",
                $"--web.listen-address=127.0.0.1:{port}",
            ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        var server = new PrometheusServer(
            Process.Start(start)!, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") }, folder);
        try
        {
            await Wait.UntilAsync(server.IsReadyAsync, "Prometheus to be ready", Patience);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The values an instant query gives, in the order they came.</summary>
    public async Task<List<double>> QueryAsync(string query)
    {
        using var answer = await _http.GetAsync(
            new Uri($"api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative));
        var body = await answer.Content.ReadFromJsonAsync<JsonObject>();
        Assert.True(answer.IsSuccessStatusCode, $"{query}: {body}");
        return [.. body!["data"]!["result"]!.AsArray().Select(sample => double.Parse(
            sample!["value"]![1]!.GetValue<string>(), CultureInfo.InvariantCulture))];
    }

    /// <summary>Waits until a query gives anything.</summary>
    public Task WaitForAsync(string query) => Wait.UntilAsync(
        async () => (await QueryAsync(query)).Count > 0, query, Patience);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _log;
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> IsReadyAsync()
    {
        Assert.False(_process.HasExited, _process.HasExited ? await _log : "");
        try
        {
            using var answer = await _http.GetAsync(new Uri("-/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
