using System.Globalization;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;

namespace Talreg.EndToEnd.Tests;

/// <summary>SIGTERM and Ctrl-C of the real program in mid-call.</summary>
public sealed class ShutdownTests
{
    [Theory]
    [InlineData(TalregProcess.Terminate)]
    [InlineData(TalregProcess.Interrupt)]
    public async Task Signal_in_mid_call_says_bye_seals_the_take_and_ends_with_0(int signal)
    {
        Assert.SkipWhen(IsIgnored(signal), "Ctrl-C is ignored by what started the tests; start them without '&'.");
        var folder = Recorder.NewFolder();
        try
        {
            var (live, placed) = await RecordUntilSignalAsync(folder, signal);
            Assert.Equal((DemoOutcome.Completed, "The recorder ended the call."), (placed.Outcome, placed.Reason));

            await using var recorder = await Recorder.StartAsync(folder);
            var call = await recorder.WaitForAsync(live.SessionId, CallState.Sealed);
            Assert.Equal((EndReason.Shutdown, live.Id), (call.EndReason, call.Id));
            Assert.DoesNotContain(CallFlags.Interrupted, call.Flags);
            Assert.True(call.Takes[0].CommittedChunks >= live.Takes[0].CommittedChunks, "chunks are missing");
            await AssertVerifiedAsync(recorder, call);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(CallDocument Live, DemoCallResult Placed)> RecordUntilSignalAsync(
        string folder, int signal)
    {
        using var process = await TalregProcess.RecordAsync(folder);
        var placing = new DemoSbc().PlaceAsync(
            new DemoCallOptions { Recorder = process.Sip }, progress: null, TestContext.Current.CancellationToken);
        var live = await process.Client.LiveAsync();
        process.Signal(signal);
        var (code, output, error) = await process.EndAsync();
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Stopping: live takes are sealed.", output, StringComparison.Ordinal);
        return (live, await placing);
    }

    // A signal that is ignored stays so in every program started from here (execve(2)); shells do it for "command &".
    private static bool IsIgnored(int signal)
    {
        const string name = "SigIgn:";
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        var mask = ulong.Parse(line.AsSpan(name.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (mask >> (signal - 1) & 1) == 1;
    }

    // With the program itself, as a stranger would.
    private static async Task AssertVerifiedAsync(Recorder recorder, CallDocument call)
    {
        var bundle = Path.Combine(recorder.Folder, "bundle.zip");
        var key = Path.Combine(recorder.Folder, "ledger.key");
        await File.WriteAllBytesAsync(bundle, await recorder.EvidenceAsync(call.Id));
        await File.WriteAllTextAsync(key, await recorder.KeyAsync());
        using var verify = TalregProcess.Start(["verify", bundle, "--trust", key]);
        var (code, output, error) = await verify.EndAsync();
        Assert.True(code == 0, output + error);
    }
}
