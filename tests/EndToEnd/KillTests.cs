using System.Diagnostics;
using System.Globalization;
using System.Net;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.TestKit;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>kill -9 of the real program in mid-call, and what its next start makes of it.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task Killed_in_mid_call_keeps_every_committed_chunk_declares_the_gap_and_verifies()
    {
        var folder = Recorder.NewFolder();
        try
        {
            var (session, committed) = await RecordUntilKilledAsync(folder);
            Assert.True(committed > 0);

            await using var recorder = await Recorder.StartAsync(folder);
            var call = await recorder.WaitForAsync(session, CallState.Sealed);
            var take = Assert.Single(call.Takes);
            Assert.True(
                take.CommittedChunks >= committed, $"{committed} chunks published, {take.CommittedChunks} there");
            Assert.Equal(EndReason.Restart, call.EndReason);
            Assert.Contains(CallFlags.Interrupted, call.Flags);

            Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out _));
            var bundle = await recorder.EvidenceAsync(call.Id);
            var report = BundleVerifier.Verify(bundle, anchor);
            Assert.True(report.ExitCode == 0, report.Text());

            // The gap is in the descriptor that the seal covers; the verifier reads it from the bundle.
            var text = System.Text.Encoding.Latin1.GetString(bundle);
            Assert.Contains("\"reason\":\"restart\"", text, StringComparison.Ordinal);
            var wav = Wav.Read(await recorder.AudioAsync(call.Id));
            var heard = Wav.DecodeALaw(DemoVoices.Caller().AsSpan(0, (int)(take.Streams[0].Packets - 1) * 160));
            Assert.True(Wav.Find(wav.Left, heard) >= 0, "what was committed is not heard sample for sample");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(string Session, long Committed)> RecordUntilKilledAsync(string folder)
    {
        var sipPort = FreePort();
        var httpPort = FreePort();
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "talreg.dll"),
                "all",
                "--data",
                folder,
                "--sip",
                $"127.0.0.1:{sipPort}",
                "--http",
                $"127.0.0.1:{httpPort}",
                "--rtp-ports",
                "34000-34099",
            },
            Environment = { ["TALREG_BOOTSTRAP_TOKEN"] = Recorder.Token, ["TALREG_SEGMENT_MIB"] = "16" },
        };
        using var process = Process.Start(start)!;
        try
        {
            await WaitForLineAsync(process.StandardOutput, "Recording.");
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}") };
            http.DefaultRequestHeaders.Authorization = new("Bearer", Recorder.Token);
            using var ending = new CancellationTokenSource();
            var placing = new DemoSbc().PlaceAsync(
                new DemoCallOptions
                {
                    Recorder = new IPEndPoint(IPAddress.Loopback, sipPort), AnswerTimeout = TimeSpan.FromSeconds(1),
                },
                progress: null,
                ending.Token);
            CallDocument? live = null;
            await Wait.UntilAsync(
                async () => (live = await LiveAsync(http)) is { Takes: [{ CommittedChunks: >= 15 }, ..] },
                "15 committed chunks");
            process.Kill();
            await process.WaitForExitAsync();
            await ending.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => placing);
            return (live!.SessionId, live.Takes[0].CommittedChunks);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task<CallDocument?> LiveAsync(HttpClient http)
    {
        var page = System.Text.Json.JsonDocument.Parse(
            await http.GetStringAsync(new Uri("api/v1/calls?state=active", UriKind.Relative)));
        var items = page.RootElement.GetProperty("items");
        if (items.GetArrayLength() == 0)
        {
            return null;
        }

        var id = items[0].GetProperty("id").GetString();
        var text = await http.GetStringAsync(
            new Uri(string.Create(CultureInfo.InvariantCulture, $"api/v1/calls/{id}"), UriKind.Relative));
        return System.Text.Json.JsonSerializer.Deserialize<CallDocument>(text, Contracts.Json.TalregJson.Options);
    }

    private static async Task WaitForLineAsync(StreamReader output, string beginning)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await output.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The recorder ended without saying '{beginning}'.");
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
