using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.TestKit;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>A recorder whose checkpoints are stamped by <c>openssl ts</c> behind HTTP (RFC 3161).</summary>
public sealed class TimestampTests : IDisposable
{
    private readonly string _folder = Recorder.NewFolder();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Bundle_under_a_stamped_checkpoint_proves_when_and_openssl_agrees()
    {
        var peer = await TimestampPeer.CreateAsync(_folder);
        await using var authority = await ServeAsync(peer);
        var data = Path.Combine(_folder, "recorder");
        Directory.CreateDirectory(data);
        string key;
        CallDocument call;
        await using (var recorder = await StartAsync(authority, peer.Root, data))
        {
            call = await PlaceAsync(recorder);
            await recorder.Services.GetRequiredService<LedgerKeeping>().RunOnceAsync();
            key = await recorder.KeyAsync();
            var metrics = await recorder.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), Token);
            Assert.Contains("talreg_ledger_timestamps_failed_total 0", metrics, StringComparison.Ordinal);
        }

        await using var again = await StartAsync(authority, peer.Root, data);
        var bundle = await again.EvidenceAsync(call.Id);
        var report = Verify(bundle, $"{key}\n{await File.ReadAllTextAsync(peer.Root, Token)}");
        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Contains(report.Checks, check => check is { Name: CheckNames.Timestamp, Outcome: CheckOutcome.Passed }
            && check.Detail.EndsWith("by Stamper, a trusted authority", StringComparison.Ordinal));
        Assert.DoesNotContain(report.Residual, line => line.Contains("no RFC 3161", StringComparison.Ordinal));
        await peer.AssertVerifiesAsync(Member(bundle, "checkpoint"), Member(bundle, "checkpoint.tst"));
    }

    [Fact]
    public async Task Authority_that_leads_to_no_trusted_root_is_refused_and_recording_goes_on()
    {
        var peer = await TimestampPeer.CreateAsync(_folder);
        await using var authority = await ServeAsync(peer);
        await using var recorder = await StartAsync(authority, peer.OtherRoot);
        await recorder.Services.GetRequiredService<LedgerKeeping>().RunOnceAsync();
        var metrics = await recorder.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), Token);
        Assert.Contains("talreg_ledger_timestamps_failed_total 1", metrics, StringComparison.Ordinal);
        Assert.Contains("talreg_ledger_timestamp_seconds 0", metrics, StringComparison.Ordinal);

        var call = await PlaceAsync(recorder);
        var report = Verify(await recorder.EvidenceAsync(call.Id), await recorder.KeyAsync());
        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Contains(report.Residual, line => line.Contains("no RFC 3161 timestamp", StringComparison.Ordinal));
    }

    private static VerificationReport Verify(byte[] bundle, string trust)
    {
        Assert.True(TrustFile.TryParse(trust, out var file, out var reason), reason);
        return BundleVerifier.Verify(bundle, file.Log, new VerifyOptions { TimestampRoots = file.TimestampRoots });
    }

    private static byte[] Member(byte[] bundle, string name)
    {
        using var zip = new ZipArchive(new MemoryStream(bundle));
        using var member = zip.GetEntry(name)!.Open();
        using var copy = new MemoryStream();
        member.CopyTo(copy);
        return copy.ToArray();
    }

    private static async Task<CallDocument> PlaceAsync(Recorder recorder)
    {
        var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        return await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
    }

    private static Task<Recorder> StartAsync(WebApplication authority, string roots, string? data = null) =>
        Recorder.StartAsync(data, change: settings => settings with
        {
            Ledger = new WitnessSettings
            {
                TimestampAuthority = new Uri(authority.Urls.First()), TimestampTrust = roots,
            },
        });

    private static async Task<WebApplication> ServeAsync(TimestampPeer peer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/", async (HttpContext http) =>
        {
            using var query = new MemoryStream();
            await http.Request.Body.CopyToAsync(query, http.RequestAborted);
            return Results.Bytes(await peer.ReplyAsync(query.ToArray()), "application/timestamp-reply");
        });
        await app.StartAsync(Token);
        return app;
    }
}
