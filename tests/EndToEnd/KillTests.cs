using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
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
            Assert.Equal(-1, Wav.FirstUnheard(wav.Left, heard));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(string Session, long Committed)> RecordUntilKilledAsync(string folder)
    {
        using var process = await TalregProcess.RecordAsync(folder);
        using var ending = new CancellationTokenSource();
        var placing = new DemoSbc().PlaceAsync(
            new DemoCallOptions { Recorder = process.Sip, AnswerTimeout = TimeSpan.FromSeconds(10) },
            progress: null,
            ending.Token);
        var live = await process.Client.LiveAsync(chunks: 8);
        await process.KillAsync();
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => placing);
        return (live.SessionId, live.Takes[0].CommittedChunks);
    }
}
