using System.Collections.Concurrent;

namespace Talreg.Verify.Tests;

public sealed class FlipTests(ITestOutputHelper output)
{
    [Fact]
    public void Verify_with_any_one_byte_changed_is_refused_and_names_what_failed()
    {
        var clean = SampleBundle.Clean();
        var trust = new SampleLog(3, "acme").Trust;
        var passed = new ConcurrentBag<int>();
        var unnamed = new ConcurrentBag<int>();
        var started = TimeProvider.System.GetTimestamp();
        Parallel.ForEach(
            Partitioner.Create(0, clean.Length),
            range =>
            {
                var bundle = clean.ToArray();
                for (var i = range.Item1; i < range.Item2; i++)
                {
                    // Alternating masks: a low bit, and the bit that tells upper from lower case.
                    var mask = (byte)(i % 2 == 0 ? 0x01 : 0x20);
                    bundle[i] ^= mask;
                    var report = BundleVerifier.Verify(bundle, i % 4 < 2 ? trust : null);
                    bundle[i] ^= mask;
                    if (report.Result != VerificationResult.Refused || report.ExitCode != 1)
                    {
                        passed.Add(i);
                    }
                    else if (!report.Checks.Any(c => c.Outcome == CheckOutcome.Failed && c.Subject.Length > 0))
                    {
                        unnamed.Add(i);
                    }
                }
            });

        var elapsed = TimeProvider.System.GetElapsedTime(started);
        output.WriteLine($"{clean.Length} bytes flipped in {elapsed.TotalSeconds:0.0} s");
        Assert.Empty(passed);
        Assert.Empty(unnamed);
    }
}
