using System.Text;

namespace Talreg.Verify.Tests;

/// <summary>Witnesses' cosignatures, as both verifiers see them: their keys come from outside the bundle.</summary>
public sealed class WitnessTests
{
    private static readonly SampleWitness First = new(11);
    private static readonly SampleWitness Second = new(12);
    private static readonly SampleWitness Stranger = new(13);

    /// <summary>How the checkpoint was cosigned, what the trust file says, and the verdict.</summary>
    public static TheoryData<string, string, VerificationResult> Cases { get; } = new()
    {
        { "none", "", VerificationResult.Verified },
        { "both", "", VerificationResult.Verified },
        { "both", "both", VerificationResult.Verified },
        { "first", "first", VerificationResult.Verified },
        { "first", "both", VerificationResult.Refused },
        { "first", "both quorum 1", VerificationResult.Verified },
        { "none", "first", VerificationResult.Refused },
        { "none", "both quorum 1", VerificationResult.Refused },
        { "stranger", "first", VerificationResult.Refused },
        { "stranger and first", "first", VerificationResult.Verified },
        { "first twice", "both", VerificationResult.Refused },
        { "forged", "both quorum 1", VerificationResult.Refused },
        { "of another size", "first", VerificationResult.Refused },
        { "first's with another time", "first", VerificationResult.Refused },
        { "far future", "first", VerificationResult.Refused },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Verify_asks_for_the_witnesses_of_the_trust_file(
        string signed, string trusted, VerificationResult expected)
    {
        var bundle = Bundle(signed);
        var trust = Trust(bundle.Log, trusted);
        var report = Verify(bundle.Zip(), trust);
        Assert.True(report.Result == expected, report.Text());
        if (expected == VerificationResult.Refused)
        {
            Assert.Equal([CheckNames.Witnesses], CleanBundleTests.Failures(report).Distinct());
        }
    }

    [Fact]
    public void Verify_without_trust_in_witnesses_says_what_that_leaves_open()
    {
        var none = Verify(Bundle("none").Zip(), Trust(new SampleBundle().Log, ""));
        Assert.Contains(none.Residual, line => line.Contains("No witness has cosigned", StringComparison.Ordinal));
        var cosigned = Verify(Bundle("both").Zip(), Trust(new SampleBundle().Log, "both"));
        Assert.DoesNotContain(cosigned.Residual, line => line.Contains("No witness", StringComparison.Ordinal));
        Assert.Contains(
            cosigned.Checks,
            check => check.Name == CheckNames.Witnesses
                && check.Detail.Contains("auditor11.example/w1 2026-11-18T11:08:20.000Z", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("LOG\nLOG\n")]
    [InlineData("LOG\nW1\nW1\n")]
    [InlineData("LOG\nquorum 1\n")]
    [InlineData("LOG\nW1\nquorum 2\n")]
    [InlineData("LOG\nW1\nquorum 0\n")]
    [InlineData("LOG\nW1\nquorum 1\nquorum 1\n")]
    [InlineData("LOG\nW1\nquorum -1\n")]
    [InlineData("W1\nLOG\n")]
    [InlineData("W1\n")]
    public void TrustFile_that_does_not_read_is_refused_with_a_reason(string text)
    {
        text = text.Replace("LOG", new SampleBundle().Log.VerifierKey, StringComparison.Ordinal)
            .Replace("W1", First.Line, StringComparison.Ordinal);
        Assert.False(TrustFile.TryParse(text, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void TrustFile_takes_comments_empty_lines_and_carriage_returns()
    {
        var log = new SampleBundle().Log.VerifierKey;
        var text = $"# of the bank\r\n{log}\r\n\r\n  {First.Line}\n{Second.Line}\nquorum 1\n";
        Assert.True(TrustFile.TryParse(text, out var trust, out var reason), reason);
        Assert.Equal((2, 1), (trust.Witnesses.Count, trust.Quorum));
    }

    /// <summary>A bundle whose checkpoint was cosigned in some way.</summary>
    internal static SampleBundle Bundle(string signed)
    {
        var bundle = new SampleBundle().MakeMembers();
        var note = bundle.Members["checkpoint"];
        bundle.Members["checkpoint"] = signed switch
        {
            "none" => note,
            "first" => First.Cosign(note),
            "first twice" => First.Cosign(First.Cosign(note), SampleWitness.At + 5),
            "both" => Second.Cosign(First.Cosign(note)),
            "stranger" => Stranger.Cosign(note),
            "stranger and first" => First.Cosign(Stranger.Cosign(note)),
            "forged" => Second.Cosign(With(note, Broken(First.Cosignature(note)))),
            "of another size" => With(note, First.Cosignature(bundle.Log.Checkpoint(size: 3))),
            "first's with another time" => With(note, OtherTime(First.Cosignature(note))),
            "far future" => First.Cosign(note, long.MaxValue),
            _ => throw new ArgumentOutOfRangeException(nameof(signed), signed, "no such case"),
        };
        return bundle;
    }

    /// <summary>The text of a trust file.</summary>
    internal static string TrustText(SampleLog log, string trusted)
    {
        var text = log.VerifierKey + "\n";
        if (trusted.StartsWith('f') || trusted.StartsWith('b'))
        {
            text += First.Line + "\n";
        }

        if (trusted.StartsWith("both", StringComparison.Ordinal))
        {
            text += Second.Line + "\n";
        }

        return trusted.Contains("quorum", StringComparison.Ordinal)
            ? $"{text}{trusted[trusted.IndexOf("quorum", StringComparison.Ordinal)..]}\n"
            : text;
    }

    internal static VerificationReport Verify(byte[] zip, TrustFile trust) => BundleVerifier.Verify(
        zip, trust.Log, new VerifyOptions { Witnesses = trust.Witnesses, WitnessQuorum = trust.Quorum });

    internal static TrustFile Trust(SampleLog log, string trusted) =>
        TrustFile.TryParse(TrustText(log, trusted), out var trust, out var reason)
            ? trust
            : throw new InvalidOperationException(reason);

    private static byte[] With(byte[] note, string line) => [.. note, .. Encoding.UTF8.GetBytes(line)];

    private static string Broken(string line) => Changed(line, 40);

    private static string OtherTime(string line) => Changed(line, 11);

    /// <summary>One bit of the signature's bytes: key id, time, signature.</summary>
    private static string Changed(string line, int at)
    {
        var space = line.LastIndexOf(' ');
        var bytes = Convert.FromBase64String(line[(space + 1)..^1]);
        bytes[at] ^= 1;
        return $"{line[..(space + 1)]}{Convert.ToBase64String(bytes)}\n";
    }
}
