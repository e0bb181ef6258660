using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Bundles;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Tests.Bundles;

public sealed class BundleTests
{
    private const string Call = "0190b0c0-0000-7000-8000-000000000001";

    [Fact]
    public void Crc32_check_value_is_the_published_one()
    {
        var crc = Crc32.Start();
        crc.Append("1234"u8);
        crc.Append("56789"u8);
        Assert.Equal(0xCBF43926u, crc.Value);
    }

    [Fact]
    public async Task Write_is_a_stored_zip_whose_signed_manifest_lists_every_member()
    {
        using var signer = new LogSigner("log", new byte[32]);
        var bytes = await WriteAsync(signer);
        using var zip = new ZipArchive(new MemoryStream(bytes));
        var names = zip.Entries.Select(entry => entry.FullName).ToList();
        Assert.Equal(["MANIFEST", "README.txt", "audio.wav", "takes/a.trec"], names);
        Assert.All(zip.Entries, entry => Assert.Equal(entry.Length, entry.CompressedLength));
        Assert.True(SignedNote.TryParse(Encoding.UTF8.GetString(Content(zip, "MANIFEST")), out var note, out _));
        Assert.True(note.IsSignedBy(signer.Verifier));
        var expected = $"talreg bundle 1\n{Call}\n" + string.Concat(names.Skip(1).Select(name =>
        {
            var content = Content(zip, name);
            return $"{Convert.ToHexStringLower(SHA256.HashData(content))} {content.Length} {name}\n";
        }));
        Assert.Equal(expected, note.Text);
        Assert.Equal(bytes, await WriteAsync(signer));
    }

    [Fact]
    public async Task Write_first_local_header_is_the_canonical_bytes()
    {
        using var signer = new LogSigner("log", new byte[32]);
        var bytes = await WriteAsync(signer);
        Assert.Equal("504b0304140000000000000021", Convert.ToHexStringLower(bytes.AsSpan(0, 13)));
        Assert.Equal("MANIFEST", Encoding.ASCII.GetString(bytes, 30, 8));
        Assert.Equal("504b0506", Convert.ToHexStringLower(bytes.AsSpan(bytes.Length - 22, 4)));
        var central = (int)BitConverter.ToUInt32(bytes, bytes.Length - 6);
        Assert.Equal("504b0102140014000000000000002100", Convert.ToHexStringLower(bytes.AsSpan(central, 16)));
    }

    [Fact]
    public async Task Write_member_that_changes_or_lies_about_its_length_is_refused()
    {
        var reads = 0;
        var changing = new BundleMember("a", 1, () => new MemoryStream([(byte)++reads]));
        var shorter = new BundleMember("a", 2, () => new MemoryStream([1]));
        var longer = new BundleMember("a", 2, () => new MemoryStream([1, 2, 3]));
        foreach (var member in new[] { changing, shorter, longer })
        {
            await Assert.ThrowsAsync<InvalidDataException>(
                () => BundleWriter.WriteAsync(new MemoryStream(), Call, [member], Task.FromResult));
        }

        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task Write_two_of_a_name_or_a_manifest_is_refused()
    {
        var member = BundleMember.FromBytes("a", [1]);
        var manifest = BundleMember.FromBytes("MANIFEST", [1]);
        await Assert.ThrowsAsync<ArgumentException>(
            () => BundleWriter.WriteAsync(Stream.Null, Call, [member, member], Task.FromResult));
        await Assert.ThrowsAsync<ArgumentException>(
            () => BundleWriter.WriteAsync(Stream.Null, Call, [manifest], Task.FromResult));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("../a")]
    [InlineData("a//b")]
    [InlineData("å")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    public void Member_name_that_is_not_plain_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => BundleMember.FromBytes(name, []));

    [Fact]
    public void Readme_fits_a_page_width_and_is_in_both_languages()
    {
        var text = Encoding.UTF8.GetString(BundleReadme.ToBytes());
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 112));
        Assert.Contains("h(i) = SHA-256(0x01 || h(i-1) || c(i))", text, StringComparison.Ordinal);
        Assert.Contains("Lyssna på", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
    }

    [Fact]
    public void ProofDocument_is_canonical() => Assert.Equal(
        """{"entry":"01","index":3,"opening":{"body":{"a":1},"salt":"02"},"proof":["0a","0b"],"treeSize":4}""",
        Encoding.UTF8.GetString(LedgerProofDocument.ToJson([1], 3, [2], "{\"a\":1}"u8, [[10], [11]], 4)));

    private static async Task<byte[]> WriteAsync(LogSigner signer)
    {
        var zip = new MemoryStream();
        BundleMember[] members =
        [
            BundleMember.FromBytes("takes/a.trec", [.. Enumerable.Range(0, 300_000).Select(i => (byte)i)]),
            BundleMember.FromBytes("audio.wav", []),
            BundleReadme.ToMember(),
        ];
        await BundleWriter.WriteAsync(zip, Call, members, text => Task.FromResult(signer.SignNote(text)));
        return zip.ToArray();
    }

    private static byte[] Content(ZipArchive zip, string name)
    {
        using var stream = zip.GetEntry(name)!.Open();
        var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
