using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Tests.Ledger;

public sealed class NoteTests
{
    private static readonly byte[] Seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    [Fact]
    public void VerifierKey_of_the_published_note_example_verifies_it()
    {
        // The example of golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
        const string Key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        const string Note =
            "If you think cryptography is the answer to your problem,\n" +
            "then you don't know what your problem is.\n" +
            "\n" +
            "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        Assert.True(VerifierKey.TryParse(Key, out var key, out var reason), reason);
        Assert.Equal(Key, key.ToString());
        Assert.True(SignedNote.TryParse(Note, out var note, out reason), reason);
        Assert.True(note.IsSignedBy(key));
        var changed = Note.Replace("problem is", "problem was", StringComparison.Ordinal);
        Assert.True(SignedNote.TryParse(changed, out note, out _));
        Assert.False(note.IsSignedBy(key));
    }

    [Fact]
    public void Checkpoint_signed_and_read_back_is_the_same()
    {
        using var signer = new LogSigner("talreg-0badcafe.default", Seed);
        Assert.True(VerifierKey.TryParse(signer.Verifier.ToString(), out var key, out var reason), reason);
        var note = signer.SignCheckpoint(7, MerkleTree.EmptyRoot());
        Assert.True(Checkpoint.TryVerify(note, key, out var checkpoint, out reason), reason);
        Assert.Equal(7, checkpoint.Size);
        Assert.Equal(MerkleTree.EmptyRoot(), checkpoint.Root.ToArray());
        Assert.Equal(note, signer.SignCheckpoint(7, MerkleTree.EmptyRoot()));
    }

    [Fact]
    public void Checkpoint_any_character_changed_is_refused()
    {
        using var signer = new LogSigner("talreg-0badcafe.default", Seed);
        var note = signer.SignCheckpoint(1234, MerkleTree.EmptyRoot());
        for (var i = 0; i < note.Length; i++)
        {
            var changed = note[..i] + (char)(note[i] ^ 1) + note[(i + 1)..];
            Assert.False(Checkpoint.TryVerify(changed, signer.Verifier, out _, out var reason), changed);
            Assert.NotEmpty(reason);
        }
    }

    [Theory]
    [InlineData("a\n01\nAAAA\n")]
    [InlineData("a\n-1\nAAAA\n")]
    [InlineData("a\n1\nAAAA\n")]
    [InlineData("a\n1\n")]
    [InlineData("")]
    public void Checkpoint_malformed_is_refused_with_a_reason(string text)
    {
        Assert.False(Checkpoint.TryParse(text, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void SignNote_text_that_could_pass_for_another_is_not_signed()
    {
        using var signer = new LogSigner("log", Seed);
        Assert.Throws<ArgumentException>(() => signer.SignNote("no line end"));
        Assert.Throws<ArgumentException>(() => signer.SignNote("carriage\r\n"));
        Assert.Throws<ArgumentException>(() => signer.SignNote("lone \ud800\n"));
    }

    [Fact]
    public void Entry_round_trips_and_refuses_reserved_bytes()
    {
        var entry = new LedgerEntry(LedgerEntryType.Listen, 5, 1_700_000_000_123, new byte[32]);
        var bytes = entry.Encode();
        Assert.Equal(58, bytes.Length);
        Assert.StartsWith("010300000000000000050000018bcfe5687b0000000000000000", Convert.ToHexStringLower(bytes));
        Assert.True(LedgerEntry.TryParse(bytes, out var read, out _));
        Assert.Equal(entry.Sequence, read!.Sequence);
        Assert.Equal(entry.UnixMilliseconds, read.UnixMilliseconds);
        foreach (var offset in new[] { 0, 1, 18, 25 })
        {
            var bad = bytes.ToArray();
            bad[offset] = 0x7F;
            Assert.False(LedgerEntry.TryParse(bad, out _, out var reason));
            Assert.NotEmpty(reason);
        }

        Assert.False(LedgerEntry.TryParse(bytes.AsSpan(1), out _, out _));
    }
}
