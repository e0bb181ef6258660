using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>A recording reaches the archive whatever dies on the way.</summary>
public sealed class ArchiveTests
{
    [Fact]
    public async Task Recording_is_in_the_archive_byte_for_byte_after_the_recorder_was_killed_behind_its_seal()
    {
        var (folder, archive) = (Recorder.NewFolder(), Recorder.NewFolder());
        try
        {
            string session;
            using (var recorder = Start(folder, archive))
            {
                await recorder.WaitUntilRunningAsync();
                session = (await DemoCallTests.PlaceAsync(new DemoCallOptions
                {
                    Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
                })).SessionId;
                await recorder.Client.WaitForAsync(session, CallState.Sealed);
                await recorder.KillAsync();
            }

            using var again = Start(folder, archive);
            await again.WaitUntilRunningAsync();
            var call = await again.Client.WaitForAsync(session, CallState.Sealed);
            var name = $"{Assert.Single(call.Takes).Id}.trec";
            var recording = Directory.GetFiles(folder, name, SearchOption.AllDirectories).Single();
            await Wait.UntilAsync(
                () => File.Exists(recording + ".archived"), "the recording's mark", TimeSpan.FromSeconds(30));
            var copy = Directory.GetFiles(archive, name, SearchOption.AllDirectories).Single();
            Assert.Equal(
                await File.ReadAllBytesAsync(recording, TestContext.Current.CancellationToken),
                await File.ReadAllBytesAsync(copy, TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Delete(archive, recursive: true);
        }
    }

    private static TalregProcess Start(string folder, string archive) => TalregProcess.Start(
        TalregProcess.Recorder(folder),
        new Dictionary<string, string>(StringComparer.Ordinal) { ["TALREG_ARCHIVE"] = archive });
}
