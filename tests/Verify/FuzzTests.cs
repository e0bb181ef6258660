using System.Text;

namespace Talreg.Verify.Tests;

public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Rounds = 3_000;

    [Fact]
    public void Verify_and_Inspect_of_damaged_bundles_never_throw_and_never_pass()
    {
        var seed = Seeds.Take(output);
        var clean = SampleBundle.Clean();
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = Damages.Of(random, clean);
            if (damaged.AsSpan().SequenceEqual(clean))
            {
                continue;
            }

            var report = BundleVerifier.Verify(damaged, null);
            Assert.True(report.Result == VerificationResult.Refused, $"seed {seed} round {round} passed");
            Assert.NotEmpty(RecordingInspector.Inspect(damaged).Text);
        }
    }

    [Fact]
    public void Verify_of_damaged_members_under_a_fresh_manifest_never_throws()
    {
        var seed = Seeds.Take(output);
        var random = new Random(seed);
        var passed = 0;
        for (var round = 0; round < Rounds / 3; round++)
        {
            var sample = new SampleBundle(leaves: 3).MakeMembers();
            var names = sample.Members.Keys.Order(StringComparer.Ordinal).ToArray();
            var name = names[random.Next(names.Length)];
            var damaged = Damages.Of(random, sample.Members[name]);
            if (damaged.AsSpan().SequenceEqual(sample.Members[name]))
            {
                continue;
            }

            sample.Members[name] = damaged;
            var report = BundleVerifier.Verify(sample.Zip(), sample.Log.Trust);
            if (report.Result != VerificationResult.Refused)
            {
                // Covered by the manifest alone, which here follows the damage; nothing else may pass. The line end of
                // the key is left to the writer.
                var free = name is "README.txt" or "audio.wav" or "call.json"
                    || (name == "key" && Encoding.ASCII.GetString(sample.Members[name]) == sample.Log.VerifierKey);
                Assert.True(free, $"seed {seed} round {round}: {name} passed:\n{report.Text()}\n"
                    + Encoding.Latin1.GetString(sample.Members[name]));
                passed++;
            }

            Assert.NotEmpty(RecordingInspector.Inspect(sample.Members[name]).Text);
        }

        output.WriteLine($"{passed} of {Rounds / 3} changed only what the manifest alone covers");
        Assert.InRange(passed, 0, Rounds / 9);
    }

    [Fact]
    public void Verify_of_noise_is_refused()
    {
        var random = new Random(Seeds.Take(output));
        for (var length = 0; length < 2_000; length += 7)
        {
            var noise = new byte[length];
            random.NextBytes(noise);
            Assert.Equal(VerificationResult.Refused, BundleVerifier.Verify(noise, null).Result);
            Assert.NotEmpty(RecordingInspector.Inspect(noise).Text);
        }
    }

    [Fact]
    public void Verify_of_every_prefix_length_is_refused()
    {
        var clean = SampleBundle.Clean();
        for (var length = 0; length < clean.Length; length += 211)
        {
            Assert.Equal(VerificationResult.Refused, BundleVerifier.Verify(clean.AsMemory(0, length), null).Result);
        }
    }
}
