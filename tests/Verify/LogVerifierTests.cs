using System.Buffers.Binary;
using System.Globalization;

namespace Talreg.Verify.Tests;

/// <summary>A whole log: nothing may be missing, moved or changed between its first entry and its checkpoint.</summary>
public sealed class LogVerifierTests : IDisposable
{
    private const long Minute = 60_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-verify-log-").FullName;
    private readonly SampleLog _log = new(3, "acme");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, false)]
    [InlineData(256, false)]
    [InlineData(700, false)]
    [InlineData(700, true)]
    public void Verify_a_whole_log_is_verified(int entries, bool partialTiles)
    {
        Write(entries, partialTiles);
        var report = Verify();
        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Contains(report.Checks, c => c.Name == CheckNames.LogEntries
            && c.Detail.StartsWith($"entries 0 to {entries - 1} are there", StringComparison.Ordinal));
    }

    [Fact]
    public void Verify_any_entry_left_out_moved_or_changed_is_refused()
    {
        Write(300, partialTiles: false);
        var path = Path.Combine(_folder, "tile/entries/000");
        var clean = File.ReadAllBytes(path);
        for (var entry = 0; entry < 256; entry += 17)
        {
            var at = entry * 60;
            File.WriteAllBytes(path, [.. clean[..at], .. clean[(at + 60)..]]);
            Refused(CheckNames.LogEntries);
            var changed = clean.ToArray();
            changed[at + 40] ^= 1;
            File.WriteAllBytes(path, changed);
            Refused(CheckNames.LogRoot);
            changed = clean.ToArray();
            changed[at + 11] ^= 1;
            File.WriteAllBytes(path, changed);
            Refused(CheckNames.LogEntries);
        }

        File.Delete(path);
        Refused(CheckNames.LogEntries);
    }

    [Fact]
    public void Verify_a_forged_checkpoint_or_a_strangers_is_refused()
    {
        Write(10, partialTiles: false);
        var path = Path.Combine(_folder, "checkpoint");
        var clean = File.ReadAllText(path);
        File.WriteAllText(path, clean.Replace("\n10\n", "\n9\n", StringComparison.Ordinal));
        Refused(CheckNames.CheckpointSignature);
        var text = clean[..(clean.IndexOf("\n\n", StringComparison.Ordinal) + 1)];
        File.WriteAllBytes(path, new SampleLog(4, "acme").Sign(text));
        Refused(CheckNames.CheckpointSignature);
        File.Delete(path);
        Refused(CheckNames.Checkpoint);
    }

    [Fact]
    public void Verify_tells_when_no_recorder_kept_the_log()
    {
        for (var i = 0; i < 10; i++)
        {
            var late = i < 6 ? 0 : 10 * Minute;
            _log.Entries.Add(Beat(i, (i * Minute) + late));
        }

        Write(0, partialTiles: false);
        var report = Verify();
        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Contains(report.Checks, c => c.Name == CheckNames.LogHeartbeats
            && c.Detail == "10 heartbeats with 1 silences: 660 s before entry 6");
    }

    private static byte[] Beat(int index, long unixMs)
    {
        var entry = SampleLog.Entry(index, new byte[32], [1]);
        entry[1] = 7;
        BinaryPrimitives.WriteInt64BigEndian(entry.AsSpan(10), unixMs);
        return entry;
    }

    private void Write(int entries, bool partialTiles)
    {
        for (var i = 0; i < entries; i++)
        {
            _log.Entries.Add(SampleLog.Entry(i, new byte[32], [(byte)i]));
        }

        File.WriteAllBytes(Path.Combine(_folder, "checkpoint"), _log.Checkpoint());
        foreach (var (tile, number) in _log.Entries.Chunk(256).Select((tile, number) => (tile, number)))
        {
            var path = Path.Combine(_folder, "tile", "entries", number.ToString("D3", CultureInfo.InvariantCulture));
            if (partialTiles && tile.Length < 256)
            {
                path = Path.Combine(path + ".p", tile.Length.ToString(CultureInfo.InvariantCulture));
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, [.. tile.SelectMany(entry => (byte[])[0, 58, .. entry])]);
        }
    }

    private VerificationReport Verify() => LogVerifier.Verify(_folder, WitnessTests.Trust(_log, ""));

    private void Refused(string check)
    {
        var report = Verify();
        Assert.Equal(VerificationResult.Refused, report.Result);
        Assert.Contains(check, CleanBundleTests.Failures(report));
    }
}
