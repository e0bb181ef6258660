using System.Diagnostics;
using Talreg.Media.Codecs;

namespace Talreg.Media.Tests.Codecs;

public class ExternalDecoderTests
{
    [Theory]
    [InlineData("exit 3", 0)]
    [InlineData("/bin/head -c 100 /dev/zero", 50)]
    [InlineData("exec /bin/cat /dev/zero", 161)]
    [InlineData("exec 0<&-; exec /bin/head -c 322 /dev/zero", 161)]
    public void Decode_wrong_number_of_samples_is_named(string script, int samples)
    {
        using var folder = new TemporaryFolder();
        FakeDecoder.Write(folder.Path, script);
        var decoder = ExternalDecoder.Find(folder.Path)!;
        var thrown = Assert.Throws<AudioDecodeException>(
            () => decoder.Decode("g729", new byte[1 << 20], 8000, new short[160]));
        Assert.Contains($"made {samples} samples", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_program_that_says_why_is_quoted()
    {
        using var folder = new TemporaryFolder();
        FakeDecoder.Write(folder.Path, "echo no such thing >&2");
        var thrown = Assert.Throws<AudioDecodeException>(
            () => ExternalDecoder.Find(folder.Path)!.Decode("g729", new byte[10], 8000, new short[80]));
        Assert.EndsWith("no such thing", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_program_that_hangs_is_ended()
    {
        using var folder = new TemporaryFolder();
        FakeDecoder.Write(folder.Path, "while :; do :; done");
        var decoder = ExternalDecoder.Find(folder.Path, TimeSpan.FromMilliseconds(300))!;
        var thrown = Assert.Throws<AudioDecodeException>(
            () => decoder.Decode("g729", new byte[10], 8000, new short[80]));
        Assert.Contains("took over", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_program_runs_within_limits_and_without_our_environment()
    {
        using var folder = new TemporaryFolder();
        var said = folder["said"];

        // The limits hold before it is given any input. It may not write a file, so it says what it sees where it is quoted.
        FakeDecoder.Write(
            folder.Path,
            "read -r input; { ulimit -v; ulimit -t; ulimit -f; echo \"[$HOME$TALREG_PEERS]\"; } >&2");
        var thrown = Assert.Throws<AudioDecodeException>(
            () => ExternalDecoder.Find(folder.Path)!.Decode("g729", new byte[10], 8000, new short[80]));
        Assert.EndsWith("2097152\n20\n0\n[]", thrown.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(said));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/nonexistent")]
    [InlineData("relative:.")]
    public void Find_looks_in_absolute_folders_only(string path) => Assert.Null(ExternalDecoder.Find(path));
}
