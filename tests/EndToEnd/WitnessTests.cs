using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;
using Talreg.Silo.Demo;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.Silo.Witness;
using Talreg.TestKit;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>A recorder, the auditors who witness its ledger, and what a bundle then proves.</summary>
public sealed class WitnessTests : IDisposable
{
    private readonly string _folder = Recorder.NewFolder();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Bundle_of_a_witnessed_recorder_is_verified_with_the_witnesses_keys()
    {
        var key = await MakeKeyAsync();
        await using var first = await WitnessAsync("w1", key);
        await using var second = await WitnessAsync("w2", key);
        await using var recorder = await StartAsync(quorum: 2, Address(first), Address(second));
        var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        await recorder.Services.GetRequiredService<LedgerKeeping>().RunOnceAsync();

        var bundle = await recorder.EvidenceAsync(call.Id);
        var report = Verify(bundle, $"{key}\n{first.Key}\n{second.Key}\n");
        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Contains(report.Checks, check => check.Detail.StartsWith("2 of 2 cosigned", StringComparison.Ordinal));
        using var stranger = new Cosigner("w3", new byte[32]);
        Assert.Equal(
            VerificationResult.Refused, Verify(bundle, $"{key}\n{first.Key}\n{stranger.Verifier}\n").Result);

        var metrics = await recorder.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), Token);
        Assert.Contains("talreg_ledger_quorum 1", metrics, StringComparison.Ordinal);
        Assert.Contains("talreg_ledger_quorum_missed_total 0", metrics, StringComparison.Ordinal);
        var cosigned = await recorder.Http.GetStringAsync(new Uri("ledger/default/cosigned", UriKind.Relative), Token);
        Assert.True(SignedNote.TryParse(cosigned, out var note, out _));
        Assert.NotNull(second.Key.CosignedAt(note));
    }

    [Fact]
    public async Task Quorum_that_is_missed_is_an_alarm_and_recording_goes_on()
    {
        var key = await MakeKeyAsync();
        await using var first = await WitnessAsync("w1", key);
        using var gone = new Cosigner("w2", new byte[32]);
        await using var recorder = await StartAsync(
            quorum: 2, Address(first), new WitnessAddress(gone.Verifier, new Uri("http://127.0.0.1:9/")));
        var keeping = recorder.Services.GetRequiredService<LedgerKeeping>();
        await keeping.RunOnceAsync();

        var metrics = await recorder.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), Token);
        Assert.Contains("talreg_ledger_quorum 0", metrics, StringComparison.Ordinal);
        Assert.Contains("talreg_ledger_quorum_missed_total 1", metrics, StringComparison.Ordinal);
        Assert.Contains("talreg_ledger_witness_missing_total{witness=\"w2\"} 1", metrics, StringComparison.Ordinal);
        var health = await recorder.Http.GetAsync(new Uri("health/ready", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        var said = await health.Content.ReadAsStringAsync(Token);
        Assert.Contains("1 of 2 witnesses cosign the ledger", said, StringComparison.Ordinal);
        var none = await recorder.Http.GetAsync(new Uri("ledger/default/cosigned", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);

        var leaves = await Ledger(recorder).ReadAsync(0);
        var told = Assert.Single(leaves, leaf => leaf.Kind == LedgerEventKind.Key);
        Assert.Contains(key, Encoding.UTF8.GetString(told.Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recorder_restored_from_an_older_backup_is_refused_by_a_witness_that_was_killed_meanwhile()
    {
        await MakeKeyAsync();
        var backup = Path.Combine(_folder, "backup");
        await CopyAsync(Data, backup);
        var logs = Path.Combine(_folder, "logs");
        await using (var recorder = await StartAsync(quorum: 0))
        {
            await WriteLogsAsync(logs, recorder);
            await Ledger(recorder).AppendAsync(new LedgerEvent(
                LedgerEventKind.Gap, "test/1", DateTimeOffset.UnixEpoch, "{}"u8.ToArray()));
            using var witness = TalregProcess.Start([.. Arguments(logs), "--every", "1"]);
            var seen = Path.Combine(_folder, "w1", "logs");
            await Wait.UntilAsync(
                () => Directory.Exists(seen) && Directory.EnumerateFiles(seen).Any(file => !file.EndsWith(".new")),
                "the witness to have seen the log",
                TimeSpan.FromSeconds(60),
                Token);
            await witness.KillAsync();
        }

        Directory.Delete(Data, recursive: true);
        await CopyAsync(backup, Data);
        await using var restored = await StartAsync(quorum: 0);
        await WriteLogsAsync(logs, restored);
        using var again = TalregProcess.Start([.. Arguments(logs), "--once"]);
        var (code, output, _) = await again.EndAsync();
        Assert.True(code == 1, output);
        Assert.Contains("REFUSED", output, StringComparison.Ordinal);
    }

    private string Data => Path.Combine(_folder, "recorder");

    private static ILedgerGrain Ledger(Recorder recorder) =>
        recorder.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default");

    private static WitnessAddress Address(WitnessHost witness) => new(witness.Key, witness.Http);

    private static VerificationReport Verify(byte[] bundle, string trust)
    {
        Assert.True(TrustFile.TryParse(trust, out var file, out var reason), reason);
        return BundleVerifier.Verify(
            bundle, file.Log, new VerifyOptions { Witnesses = file.Witnesses, WitnessQuorum = file.Quorum });
    }

    private static async Task CopyAsync(string from, string to)
    {
        var copy = await Peer.RunAsync("/bin/cp", ["-a", from, to], "/", TimeSpan.FromMinutes(1), Token);
        Assert.Equal(0, copy.Code);
    }

    private static async Task WriteLogsAsync(string path, Recorder recorder)
    {
        var token = path + ".token";
        await File.WriteAllTextAsync(token, RecorderClient.Token + "\n", Token);
        var url = new Uri(recorder.Http.BaseAddress!, "ledger/default");
        await File.WriteAllTextAsync(path, $"{await recorder.KeyAsync()} {url} {token}\n", Token);
    }

    private string[] Arguments(string logs) =>
    [
        "witness", "--name", "w1", "--logs", logs, "--data", Path.Combine(_folder, "w1"), "--http", "127.0.0.1:0",
    ];

    /// <summary>Starts a recorder once, so that its log has a key; its ledger holds the leaf of that start.</summary>
    private async Task<string> MakeKeyAsync()
    {
        await using var recorder = await StartAsync(quorum: 0);
        return await recorder.KeyAsync();
    }

    private Task<Recorder> StartAsync(int quorum, params WitnessAddress[] witnesses)
    {
        Directory.CreateDirectory(Data);
        return Recorder.StartAsync(Data, change: settings => settings with
        {
            Ledger = new WitnessSettings { Witnesses = witnesses, Quorum = quorum },
        });
    }

    private async Task<WitnessHost> WitnessAsync(string name, string key)
    {
        Assert.True(VerifierKey.TryParse(key, out var log, out var reason), reason);
        var host = WitnessHost.Open(
            new WitnessOptions
            {
                Name = name,
                Data = Path.Combine(_folder, name),
                Http = new IPEndPoint(IPAddress.Loopback, 0),
                Every = TimeSpan.FromHours(1),
                Logs = [new FollowedLog(log, new Uri("http://127.0.0.1:9/"), Token: null)],
            },
            follows: false);
        await host.StartAsync(Token);
        return host;
    }
}
