using System.Text;
using Talreg.TestKit;

namespace Talreg.Verify.Tests;

/// <summary>RFC 3161 timestamps of <c>openssl ts</c> in a bundle. JavaScript says that it does not check their signature.</summary>
public sealed class TimestampTests : IDisposable
{
    private const string Member = "checkpoint.tst";
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-verify-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Token_of_the_checkpoint_is_told_and_trusted_only_by_a_root_from_outside()
    {
        var peer = await TimestampPeer.CreateAsync(_folder);
        var sample = new SampleBundle().MakeMembers();
        sample.Members[Member] = await peer.StampAsync(sample.Members["checkpoint"]);
        var zip = sample.Zip();

        var trusted = Verify(zip, sample, peer.Root);
        Assert.True(trusted.Result == VerificationResult.Verified, trusted.Text());
        Assert.Equal(CheckOutcome.Passed, Outcome(trusted));
        var open = Verify(zip, sample, root: null);
        Assert.Equal((VerificationResult.Verified, CheckOutcome.NotApplicable), (open.Result, Outcome(open)));
        var stranger = Verify(zip, sample, peer.OtherRoot);
        Assert.Equal((VerificationResult.Refused, CheckOutcome.Failed), (stranger.Result, Outcome(stranger)));

        var (code, text) = await ByJavaScriptAsync(zip, sample, peer.Root);
        Assert.Equal(0, code);
        Assert.Contains("names this checkpoint; its signature is not checked here", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_of_another_checkpoint_is_refused_by_both_verifiers()
    {
        var peer = await TimestampPeer.CreateAsync(_folder);
        var sample = new SampleBundle().MakeMembers();
        sample.Members[Member] = await peer.StampAsync(sample.Log.Checkpoint(size: 3));
        var zip = sample.Zip();

        var report = Verify(zip, sample, peer.Root);
        Assert.Equal([CheckNames.Timestamp], CleanBundleTests.Failures(report));
        var (code, text) = await ByJavaScriptAsync(zip, sample, peer.Root);
        Assert.Equal(1, code);
        Assert.StartsWith("REFUSED: timestamp\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_with_its_signature_changed_cut_or_lengthened_is_refused()
    {
        var peer = await TimestampPeer.CreateAsync(_folder);
        var sample = new SampleBundle().MakeMembers();
        var token = await peer.StampAsync(sample.Members["checkpoint"]);
        byte[][] damaged =
        [
            [.. token[..^1], (byte)(token[^1] ^ 1)],
            token[..^1],
            [.. token, 0],
            [],
            Encoding.ASCII.GetBytes("no token"),
        ];
        foreach (var bytes in damaged)
        {
            sample.Members[Member] = bytes;
            Assert.Equal([CheckNames.Timestamp], CleanBundleTests.Failures(Verify(sample.Zip(), sample, peer.Root)));
        }
    }

    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void TrustFile_with_a_certificate_that_does_not_read_is_refused(string pem)
    {
        Assert.False(TrustFile.TryParse($"{new SampleBundle().Log.VerifierKey}\n{pem}", out _, out var reason));
        Assert.NotEmpty(reason);
    }

    private static CheckOutcome Outcome(VerificationReport report) =>
        report.Checks.Single(check => check.Name == CheckNames.Timestamp).Outcome;

    private static string Trust(SampleBundle sample, string? root) =>
        sample.Log.VerifierKey + "\n" + (root is null ? "" : File.ReadAllText(root));

    private static VerificationReport Verify(byte[] zip, SampleBundle sample, string? root)
    {
        Assert.True(TrustFile.TryParse(Trust(sample, root), out var trust, out var reason), reason);
        return BundleVerifier.Verify(zip, trust.Log, new VerifyOptions { TimestampRoots = trust.TimestampRoots });
    }

    private async Task<(int Code, string Output)> ByJavaScriptAsync(byte[] zip, SampleBundle sample, string root)
    {
        var node = Peer.Require("node", "nodejs");
        await File.WriteAllBytesAsync(Path.Combine(_folder, "bundle.zip"), zip, Token);
        await File.WriteAllTextAsync(Path.Combine(_folder, "trust"), Trust(sample, root), Token);
        return await Peer.RunAsync(
            node,
            [WebVerifierTests.Script, "bundle.zip", "--trust", "trust"],
            _folder,
            TimeSpan.FromMinutes(1),
            Token);
    }
}
