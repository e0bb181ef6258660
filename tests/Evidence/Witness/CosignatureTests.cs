using System.Text;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;

namespace Talreg.Evidence.Tests.Witness;

public sealed class CosignatureTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeSeconds(1_679_315_147);

    [Fact]
    public void WitnessKey_of_a_public_witness_reads_and_is_no_log_key()
    {
        // A witness of the public network, as the tests of transparency-dev/formats name it.
        const string Line = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        Assert.True(WitnessKey.TryParse(Line, out var key, out var reason), reason);
        Assert.Equal(Line, key.ToString());
        Assert.False(VerifierKey.TryParse(Line, out _, out reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void WitnessKey_does_not_read_a_logs_key()
    {
        using var log = LedgerSamples.Signer();
        Assert.False(WitnessKey.TryParse(log.Verifier.ToString(), out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void Cosign_signs_header_time_and_the_whole_text()
    {
        using var log = LedgerSamples.Signer();
        using var witness = LedgerSamples.Witness("auditor.example/w1", 1);
        var note = log.SignCheckpoint(7, MerkleTree.EmptyRoot());
        Assert.True(SignedNote.TryParse(note, out var bare, out _));
        Assert.True(SignedNote.TryParse(note + witness.Cosign(bare.Text, At), out var signed, out var reason), reason);

        Assert.Equal(At, witness.Verifier.CosignedAt(signed));
        Assert.True(signed.IsSignedBy(log.Verifier));
        Assert.Null(witness.Verifier.CosignedAt(bare));
        Assert.Equal(
            $"cosignature/v1\ntime 1679315147\n{bare.Text}",
            Encoding.UTF8.GetString(WitnessKey.Message(bare.Text, At.ToUnixTimeSeconds())));
    }

    [Fact]
    public void CosignedAt_any_bit_of_time_signature_or_text_changed_is_null()
    {
        using var log = LedgerSamples.Signer();
        using var witness = LedgerSamples.Witness("auditor.example/w1", 1);
        var note = log.SignCheckpoint(7, MerkleTree.EmptyRoot());
        Assert.True(SignedNote.TryParse(note, out var bare, out _));
        Assert.True(SignedNote.TryParse(note + witness.Cosign(bare.Text, At), out var signed, out _));
        var signature = signed.Signatures[1].Signature.ToArray();
        for (var bit = 0; bit < signature.Length * 8; bit++)
        {
            var changed = signature.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            var line = SignedNote.FormatLine(witness.Verifier.Name, witness.Verifier.KeyId, changed);
            Assert.True(SignedNote.TryParse(note + line, out var other, out _));
            Assert.True(witness.Verifier.CosignedAt(other) is null, $"bit {bit}");
        }

        var larger = log.SignCheckpoint(8, MerkleTree.EmptyRoot());
        Assert.True(SignedNote.TryParse(larger + witness.Cosign(bare.Text, At), out var moved, out _));
        Assert.Null(witness.Verifier.CosignedAt(moved));
    }

    [Theory]
    [InlineData("")]
    [InlineData("old 1\n")]
    [InlineData("old -1\n\nx\n1\ny\n")]
    [InlineData("old 01\n\nx\n1\ny\n")]
    [InlineData("old \n\nx\n1\ny\n")]
    [InlineData("new 1\n\nx\n1\ny\n")]
    [InlineData("old 1\nAAAA\n\nx\n1\ny\n")]
    [InlineData("old 1\nnot base64\n\nx\n1\ny\n")]
    [InlineData("old 99999999999999999999\n\nx\n1\ny\n")]
    public void AddCheckpoint_malformed_is_refused_with_a_reason(string text)
    {
        Assert.False(AddCheckpoint.TryParse(text, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void AddCheckpoint_takes_63_proof_lines_and_not_one_more()
    {
        var hashes = Enumerable.Range(0, 63).Select(i => MerkleTree.HashLeaf([(byte)i])).ToList();
        var most = new AddCheckpoint(5, hashes, "n\n");
        Assert.True(AddCheckpoint.TryParse(most.ToText(), out var read, out var reason), reason);
        Assert.Equal((5, 63, "n\n"), (read.OldSize, read.Proof.Count, read.Note));
        Assert.Equal(most.Proof[62], read.Proof[62]);
        var more = most with { Proof = [.. most.Proof, MerkleTree.EmptyRoot()] };
        Assert.False(AddCheckpoint.TryParse(more.ToText(), out _, out _));
    }

    [Fact]
    public void AddCheckpoint_of_the_specification_reads()
    {
        const string Text = """
            old 20852014
            PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
            jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
            5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
            /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

            example.com/behind-the-sofa
            20852163
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

            — example.com/behind-the-sofa
            """
            + " Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
        Assert.True(AddCheckpoint.TryParse(Text, out var request, out var reason), reason);
        Assert.Equal((20_852_014, 4), (request.OldSize, request.Proof.Count));
        Assert.True(SignedNote.TryParse(request.Note, out var note, out reason), reason);
        Assert.True(Checkpoint.TryParse(note.Text, out var checkpoint, out reason), reason);
        Assert.Equal(20_852_163, checkpoint.Size);
    }
}
