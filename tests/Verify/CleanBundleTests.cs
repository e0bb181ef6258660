using System.IO.Compression;

namespace Talreg.Verify.Tests;

public sealed class CleanBundleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(16)]
    public void Verify_clean_with_trust_is_verified(int leaves)
    {
        var sample = new SampleBundle(leaves: leaves);
        var report = BundleVerifier.Verify(sample.MakeMembers().Zip(), sample.Log.Trust);

        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Equal(0, report.ExitCode);
        Assert.StartsWith("VERIFIED\n", report.Text(), StringComparison.Ordinal);
        var take = Assert.Single(report.Takes);
        Assert.Equal((10, 2, 100, 0), (take.Chunks, take.Streams, take.Packets, take.Lost));
        Assert.Contains(report.Residual, r => r.Contains("RFC 3161", StringComparison.Ordinal));
        Assert.Contains(report.Residual, r => r.Contains("witness", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(8000, true)]
    [InlineData(16_000, true)]
    [InlineData(44_100, false)]
    public void Verify_rendering_has_8000_or_16000_hz(int rate, bool allowed)
    {
        var sample = new SampleBundle { WavRate = rate };
        var report = BundleVerifier.Verify(sample.MakeMembers().Zip(), sample.Log.Trust);
        Assert.Equal(allowed, report.Result == VerificationResult.Verified);
        Assert.Equal(allowed, report.Text().Contains($"1.0 s, stereo, {rate} Hz", StringComparison.Ordinal));
    }

    [Fact]
    public void Verify_clean_without_trust_is_consistent_with_origin_unproved()
    {
        var report = BundleVerifier.Verify(SampleBundle.Clean(), null);

        Assert.Equal(VerificationResult.ConsistentOriginUnproved, report.Result);
        Assert.Equal(3, report.ExitCode);
        Assert.Contains("consistent, origin unproved", report.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_with_another_key_as_trust_is_refused()
    {
        var report = BundleVerifier.Verify(SampleBundle.Clean(), new SampleLog(9, "acme").Trust);

        Assert.Equal(1, report.ExitCode);
        Assert.Contains(CheckNames.ManifestSignature, Failures(report));
        Assert.Contains(CheckNames.CheckpointSignature, Failures(report));
        Assert.Contains(CheckNames.Key, Failures(report));
    }

    [Fact]
    public void Verify_through_streams_that_seek_or_not_gives_the_same_report()
    {
        var bundle = SampleBundle.Clean();
        var trust = new SampleLog(3, "acme").Trust;
        using var seekable = new MemoryStream(bundle);
        using var inner = new MemoryStream(bundle);
        using var forward = new BrotliStream(Packed(bundle), CompressionMode.Decompress);

        var expected = BundleVerifier.Verify(bundle, trust).Text();
        Assert.Equal(expected, BundleVerifier.Verify(seekable, trust).Text());
        Assert.Equal(expected, BundleVerifier.Verify(forward, trust).Text());
    }

    [Fact]
    public void Verify_without_keys_still_proves_chain_inclusion_and_signature()
    {
        var sample = new SampleBundle().MakeMembers();
        sample.Members.Remove($"takes/{sample.TakeId}.keys.json");
        var report = BundleVerifier.Verify(sample.Zip(), sample.Log.Trust);

        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Contains(report.Checks, c => c.Name == CheckNames.Keys && c.Outcome == CheckOutcome.NotApplicable
            && c.Detail == "not decryptable here: keys withheld");
        Assert.Contains(report.Checks, c => c.Name == CheckNames.Chain && c.Outcome == CheckOutcome.Passed);
        Assert.Equal(10, report.Takes[0].Withheld);
    }

    [Fact]
    public void Verify_with_a_withheld_slot_shows_it_and_counts_only_the_other_stream()
    {
        var sample = new SampleBundle(seconds: 2).MakeMembers();
        sample.Members[$"takes/{sample.TakeId}.keys.json"] = SampleJson.Of(sample.Keys(withheldSlotOfFirst: 1));
        var report = BundleVerifier.Verify(sample.Zip(), sample.Log.Trust);

        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Equal(5, report.Takes[0].Withheld);
        var gaps = report.Checks.Where(c => c.Name == CheckNames.Gaps).Select(c => c.Outcome);
        Assert.Equal([CheckOutcome.NotApplicable, CheckOutcome.Passed], gaps);
    }

    [Fact]
    public void Verify_with_declared_loss_across_the_sequence_wrap_is_verified()
    {
        var sample = new SampleBundle(missing: [65_535, 0, 3]);
        var report = BundleVerifier.Verify(sample.MakeMembers().Zip(), sample.Log.Trust);

        Assert.True(report.Result == VerificationResult.Verified, report.Text());
        Assert.Equal(3, report.Takes[0].Lost);
    }

    internal static HashSet<string> Failures(VerificationReport report) =>
        [.. report.Checks.Where(c => c.Outcome == CheckOutcome.Failed).Select(c => c.Name)];

    private static MemoryStream Packed(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            brotli.Write(bytes);
        }

        packed.Position = 0;
        return packed;
    }
}
