using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;

namespace Talreg.Evidence.Tests.Witness;

public sealed class WitnessedLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("talreg-witness-").FullName;
    private readonly LogSigner _signer = LedgerSamples.Signer();
    private readonly Cosigner _witness = LedgerSamples.Witness("auditor.example/w1", 1);

    private string Seen => Path.Combine(_directory, "seen");

    public void Dispose()
    {
        _signer.Dispose();
        _witness.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Add_a_log_that_only_grows_is_cosigned_at_every_size()
    {
        using var log = Log("a");
        var witness = Open();
        foreach (var count in new[] { 1, 1, 254, 1, 300, 1024 })
        {
            var from = log.Head.Size;
            var note = LedgerSamples.Append(log, _signer, count);
            Assert.Equal(Sighting.Accepted, witness.Add(Request(log, witness.Size, note), out var line));
            Assert.True(SignedNote.TryParse(note + line, out var signed, out var reason), reason);
            Assert.NotNull(_witness.Verifier.CosignedAt(signed));
            Assert.Equal((from + count, note + line), (witness.Size, witness.Note));
        }
    }

    [Fact]
    public void Add_from_another_size_than_was_seen_is_told_and_not_cosigned()
    {
        using var log = Log("a");
        var witness = Open();
        Assert.Equal(Sighting.Accepted, witness.Add(Request(log, 0, LedgerSamples.Append(log, _signer, 10)), out _));
        var note = LedgerSamples.Append(log, _signer, 10);
        Assert.Equal(Sighting.OldSizeDiffers, witness.Add(Request(log, 0, note), out var line));
        Assert.Equal(Sighting.OldSizeDiffers, witness.Add(Request(log, 5, note), out line));
        Assert.Equal((string.Empty, 10), (line, witness.Size));
        Assert.Equal(Sighting.Malformed, witness.Add(Request(log, 20, note) with { OldSize = 21 }, out _));
        Assert.Equal(Sighting.Accepted, witness.Add(Request(log, 10, note), out _));
    }

    [Fact]
    public void Add_a_log_rewritten_behind_the_checkpoint_is_inconsistent()
    {
        using var log = Log("a");
        using var forged = Log("b");
        var witness = Open();
        Assert.Equal(Sighting.Accepted, witness.Add(Request(log, 0, LedgerSamples.Append(log, _signer, 300)), out _));
        var note = LedgerSamples.Append(forged, _signer, 400, "another");
        Assert.Equal(Sighting.Inconsistent, witness.Add(Request(forged, 300, note), out var line));
        Assert.Equal((string.Empty, 300, false), (line, witness.Size, witness.IsForked));
    }

    [Fact]
    public void Add_a_second_root_of_one_size_is_a_fork_that_is_kept_and_never_forgiven()
    {
        using var log = Log("a");
        using var forged = Log("b");
        var first = LedgerSamples.Append(log, _signer, 300);
        var second = LedgerSamples.Append(forged, _signer, 300, "another");
        Assert.Equal(Sighting.Accepted, Open().Add(Request(log, 0, first), out _));
        var witness = Open();
        Assert.Equal(Sighting.Forked, witness.Add(Request(forged, 300, second), out var line));
        Assert.Empty(line);

        var evidence = File.ReadAllText(witness.ForkFile);
        Assert.StartsWith(first, evidence, StringComparison.Ordinal);
        Assert.EndsWith(second, evidence, StringComparison.Ordinal);
        var more = LedgerSamples.Append(log, _signer, 1);
        Assert.Equal(Sighting.Forked, Open().Add(Request(log, 300, more), out _));
    }

    [Fact]
    public void Add_what_another_key_signed_is_not_signed()
    {
        using var log = Log("a");
        using var other = LedgerSamples.Signer(seed: 8);
        var note = LedgerSamples.Append(log, other, 3);
        Assert.Equal(Sighting.NotSigned, Open().Add(Request(log, 0, note), out _));
    }

    [Fact]
    public void Read_a_log_that_came_back_shorter_is_shrunk_also_after_a_restart()
    {
        using var log = Log("a");
        var old = LedgerSamples.Append(log, _signer, 200);
        Assert.Equal(Sighting.Accepted, Open().Read(LedgerSamples.Append(log, _signer, 100), 0, []));

        var witness = Open();
        Assert.Equal(300, witness.Size);
        Assert.Equal(Sighting.Shrunk, witness.Read(old, 300, []));
        Assert.Equal((300, false), (witness.Size, witness.IsForked));
    }

    [Fact]
    public void Compare_two_views_agree_or_are_told_apart()
    {
        using var log = Log("a");
        using var forged = Log("b");
        var small = LedgerSamples.Append(log, _signer, 200);
        var witness = Open();
        Assert.Equal(Sighting.Accepted, witness.Read(LedgerSamples.Append(log, _signer, 100), 0, []));
        Assert.Equal(Sighting.Accepted, witness.Compare(small, 300, log.ConsistencyProof(200, 300)));
        Assert.Equal(Sighting.OldSizeDiffers, witness.Compare(small, 299, log.ConsistencyProof(200, 299)));

        var other = LedgerSamples.Append(forged, _signer, 200, "another");
        Assert.Equal(Sighting.Inconsistent, witness.Compare(other, 300, log.ConsistencyProof(200, 300)));
        Assert.Equal(Sighting.Forked, witness.Compare(LedgerSamples.Append(forged, _signer, 100, "another"), 300, []));
        Assert.True(witness.IsForked);
    }

    [Fact]
    public void Open_what_was_kept_and_changed_is_refused()
    {
        using var log = Log("a");
        Assert.Equal(Sighting.Accepted, Open().Read(LedgerSamples.Append(log, _signer, 5), 0, []));
        var file = Path.Combine(Seen, WitnessedLog.IdOf(LedgerSamples.Name));
        File.WriteAllText(file, File.ReadAllText(file).Replace("\n5\n", "\n4\n", StringComparison.Ordinal));
        Assert.Equal(LogFault.Corrupt, Assert.Throws<LogException>(Open).Fault);
    }

    private static AddCheckpoint Request(LogFiles log, long from, string note) =>
        new(from, from == 0 ? [] : log.ConsistencyProof(from, log.Head.Size), note);

    private LogFiles Log(string name) => LogFiles.Open(Path.Combine(_directory, name), null);

    private WitnessedLog Open() => WitnessedLog.Open(Seen, _signer.Verifier, _witness, TimeProvider.System);
}
