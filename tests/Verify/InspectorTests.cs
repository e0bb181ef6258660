using System.Text;

namespace Talreg.Verify.Tests;

public sealed class InspectorTests
{
    [Fact]
    public void Inspect_names_each_format_by_its_content()
    {
        var sample = new SampleBundle().MakeMembers();
        var bundle = sample.Zip();

        Expect(sample.Members[$"takes/{sample.TakeId}.trec"], "recording",
            "stream 0: label 1, PCMA, 50 packets, 0 lost");
        Expect(bundle, "bundle", "member checkpoint");
        Expect(sample.Members["checkpoint"], "checkpoint", "7 entries");
        Expect(sample.Members["MANIFEST"], "manifest", "8 members");
        Expect(Journal(sample), "journal", "0 takes opened, 0 carried, 10 chunks");
    }

    [Fact]
    public void Inspect_of_a_torn_journal_says_where_it_breaks()
    {
        var sample = new SampleBundle();
        var journal = Journal(sample);
        journal[^400] ^= 1;
        var text = RecordingInspector.Inspect(journal).Text;

        Assert.Contains("9 chunks", text, StringComparison.Ordinal);
        Assert.Contains("CRC-32C", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_of_something_else_says_so()
    {
        var found = RecordingInspector.Inspect("hello"u8.ToArray());

        Assert.False(found.Recognised);
        Assert.Equal("not a recording, journal, bundle, checkpoint or manifest\n", found.Text);
    }

    [Fact]
    public void Inspect_never_passes_control_characters_to_the_terminal()
    {
        var sample = new SampleBundle();
        var zip = SampleZip.Of(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["\x1b[31m"] = [1] });

        Assert.DoesNotContain('\x1b', RecordingInspector.Inspect(zip).Text);
        Assert.DoesNotContain('\x1b', BundleVerifier.Verify(zip, sample.Log.Trust).Text());
    }

    private static void Expect(byte[] file, string format, string part)
    {
        var found = RecordingInspector.Inspect(file);
        Assert.True(found.Recognised, found.Text);
        Assert.Equal(format, found.Format);
        Assert.Contains(part, found.Text, StringComparison.Ordinal);
    }

    private static byte[] Journal(SampleBundle sample)
    {
        var segment = SampleTake.Bytes(0x33, 16);
        byte[] header =
        [
            .. "TLJ1"u8, 1, 0, 0, 0, .. SampleTake.U64(5), .. segment, .. SampleTake.Bytes(0x11, 16),
            .. SampleTake.U64(SampleBundle.StartedAt), 0, 0, 0, 0,
        ];
        var file = new List<byte>([.. header, .. SampleTake.U32(SampleTake.Crc32C(header))]);
        foreach (var chunk in sample.Take.Chunks)
        {
            byte[] covered = [.. segment, .. SampleTake.U64(file.Count), 2, 0, 0, 0, .. SampleTake.U32(chunk.Length)];
            file.AddRange(
            [
                .. "TLR1"u8, .. covered[24..], .. SampleTake.U32(SampleTake.Crc32C([.. covered, .. chunk])), .. chunk,
            ]);
        }

        return [.. file];
    }
}
