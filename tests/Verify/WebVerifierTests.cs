using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Talreg.TestKit;

namespace Talreg.Verify.Tests;

/// <summary>
/// The verifier in JavaScript (<c>Cluster/Verify/web</c>) against the one in C#: they share nothing but the format pages,
/// so on every bundle they must come to the same result by the same checks.
/// </summary>
public sealed partial class WebVerifierTests(ITestOutputHelper output)
{
    private const int DamagedBundles = 150;
    private const int DamagedMembers = 250;
    private const int TimeoutMs = 1000;

    private static readonly string Web = Path.Combine(Root(), "Cluster", "Verify", "web");

    [Fact]
    public void Page_holds_the_modules_as_they_are()
    {
        var build = Read("build.mjs");
        var listed = ModuleList().Match(build).Groups["list"].Value;
        var names = ModuleName().Matches(listed).Select(match => match.Groups["name"].Value).ToList();
        Assert.NotEmpty(names);
        var script = string.Join(
            "\n\n", names.Select(name => Export().Replace(Import().Replace(Read($"{name}.mjs"), ""), "").Trim()));
        Assert.True(
            Read("verify.html") == Read("page.html").Replace("/*modules*/", script, StringComparison.Ordinal),
            "verify.html is not what its parts make; run: node Cluster/Verify/web/build.mjs");
    }

    [Fact]
    public async Task Clean_bundles_read_the_same_word_for_word()
    {
        var node = Peer.Require("node", "nodejs");
        using var folder = new TemporaryFolder();
        var samples = new[]
        {
            new SampleBundle().MakeMembers(),
            new SampleBundle(seconds: 3, leaves: 1).MakeMembers(),
            new SampleBundle(seconds: 2, leaves: 100, missing: [7, 8, 30]).MakeMembers(),
            Without(new SampleBundle().MakeMembers(), "audio.wav"),
            new SampleBundle { WavRate = 16_000 }.MakeMembers(),
            Without(new SampleBundle().MakeMembers(), $"takes/{new SampleBundle().TakeId}.keys.json"),
        };
        foreach (var (sample, i) in samples.Select((sample, i) => (sample, i)))
        {
            var bundle = folder.Write($"{i}.zip", sample.Zip());
            var trust = folder.Write("trust", Encoding.ASCII.GetBytes(sample.Log.VerifierKey));
            foreach (var trusted in (bool[])[true, false])
            {
                var report = BundleVerifier.Verify(sample.Zip(), trusted ? sample.Log.Trust : null);
                string[] arguments = trusted ? [Script, bundle, "--trust", trust] : [Script, bundle];
                var (code, text) = await Run(node, folder, arguments);
                Assert.Equal(report.Text() + "\n", text);
                Assert.Equal(report.ExitCode, code);
            }
        }
    }

    [Fact]
    public async Task Witnesses_read_the_same_word_for_word()
    {
        var node = Peer.Require("node", "nodejs");
        using var folder = new TemporaryFolder();
        foreach (var (signed, trusted, _) in WitnessTests.Cases.Select(row => row.Data))
        {
            var sample = WitnessTests.Bundle(signed);
            var zip = sample.Zip();
            var bundle = folder.Write("bundle.zip", zip);
            var trust = folder.Write("trust", Encoding.UTF8.GetBytes(WitnessTests.TrustText(sample.Log, trusted)));
            var report = WitnessTests.Verify(zip, WitnessTests.Trust(sample.Log, trusted));
            var (code, text) = await Run(node, folder, [Script, bundle, "--trust", trust]);
            Assert.Equal(report.Text() + "\n", text);
            Assert.Equal(report.ExitCode, code);
        }
    }

    [Fact]
    public async Task Damaged_bundles_are_refused_by_the_same_checks()
    {
        var node = Peer.Require("node", "nodejs");
        var seed = Seeds.Take(output);
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        var clean = SampleBundle.Clean();
        var log = new SampleBundle(leaves: 3).Log;
        var bundles = new List<byte[]>();
        for (var i = 0; i < DamagedBundles; i++)
        {
            bundles.Add(Damages.Of(random, clean));
        }

        for (var i = 0; i < DamagedMembers; i++)
        {
            var sample = new SampleBundle(leaves: 3).MakeMembers();
            var names = sample.Members.Keys.Order(StringComparer.Ordinal).ToArray();
            var name = names[random.Next(names.Length)];
            sample.Members[name] = Damages.Of(random, sample.Members[name]);
            bundles.Add(sample.Zip());
        }

        var found = await RunAll(node, folder, bundles, log.VerifierKey);
        for (var i = 0; i < bundles.Count; i++)
        {
            var report = BundleVerifier.Verify(bundles[i], log.Trust);
            Assert.True(
                (Failed(report), report.ExitCode) == found[i],
                $"seed {seed}, bundle {i}: {Failed(report)} ({report.ExitCode}) by C#, {found[i]} by JavaScript\n"
                + report.Text());
        }
    }

    [Fact]
    public async Task Packet_that_begins_within_the_take_is_heard_whole()
    {
        // Two packets of 160 octets, the second one at the take's last millisecond; a third begins behind its end.
        const string Program = """
            const { renderTake } = await import(process.argv[2]);
            const packet = (sequence, timestamp) => {
              const bytes = new Uint8Array(172).fill(0xaa);
              bytes.set([0x80, 8, 0, sequence, 0, 0, timestamp >> 8, timestamp & 255, 0, 0, 0, 1]);
              return bytes;
            };
            const packets = [0, 19, 20].map((ms, i) =>
              ({ packet: packet(i, 8 * ms), arrivalNs: BigInt(ms) * 1000000n }));
            const descriptor = { startMonotonicNs: '0', startedAt: 0, endedAt: 20,
              streams: [{ codec: 'PCMA', payloadType: 8 }] };
            const [left, right] = renderTake(descriptor, new Map([[0, packets]]));
            console.log(left.length, right.length, left.filter((sample) => sample !== 0).length);
            """;
        var node = Peer.Require("node", "nodejs");
        using var folder = new TemporaryFolder();
        var program = folder.Write("hear.mjs", Encoding.UTF8.GetBytes(Program));
        var (code, text) = await Run(node, folder, [program, new Uri(Path.Combine(Web, "audio.mjs")).AbsoluteUri]);
        Assert.Equal((0, "312 312 312"), (code, text.Trim()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--trust")]
    [InlineData("--unknown x")]
    public async Task Wrong_arguments_are_told_with_the_usage(string arguments)
    {
        var node = Peer.Require("node", "nodejs");
        using var folder = new TemporaryFolder();
        var (code, text) = await Run(
            node, folder, [Script, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(2, code);
        Assert.Contains("usage: node verify.mjs", text, StringComparison.Ordinal);
    }

    internal static string Script => Path.Combine(Web, "verify.mjs");

    private static SampleBundle Without(SampleBundle sample, string member)
    {
        Assert.True(sample.Members.Remove(member));
        return sample;
    }

    private static async Task<List<(string Failed, int ExitCode)>> RunAll(
        string node, TemporaryFolder folder, List<byte[]> bundles, string verifierKey)
    {
        var trust = folder.Write("trust", Encoding.ASCII.GetBytes(verifierKey));
        var paths = bundles.Select(
            (bytes, i) => folder.Write(string.Create(CultureInfo.InvariantCulture, $"{i:0000}.zip"), bytes));
        var (_, text) = await Run(node, folder, [Script, "--json", "--trust", trust, .. paths]);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(bundles.Count, lines.Length);
        return [.. lines.Select(line => Read(JsonNode.Parse(line)!))];
    }

    private static (string Failed, int ExitCode) Read(JsonNode report)
    {
        var failed = report["checks"]!.AsArray()
            .Where(check => check!["outcome"]!.GetValue<string>() == "failed")
            .Select(check => check!["name"]!.GetValue<string>());
        return (Joined(failed), report["exitCode"]!.GetValue<int>());
    }

    private static string Failed(VerificationReport report) => Joined(
        report.Checks.Where(check => check.Outcome == CheckOutcome.Failed).Select(check => check.Name));

    private static string Joined(IEnumerable<string> names) =>
        string.Join(", ", names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private static Task<(int Code, string Output)> Run(string node, TemporaryFolder folder, string[] arguments) =>
        Peer.RunAsync(
            node, arguments, folder.Path, TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

    private static string Read(string name) => File.ReadAllText(Path.Combine(Web, name));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Talreg.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("No Talreg.slnx above the test program.");
        }

        return folder;
    }

    [GeneratedRegex(@"const modules = \[(?<list>[^\]]*)\]", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex ModuleList();

    [GeneratedRegex("'(?<name>[a-z]+)'", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex ModuleName();

    [GeneratedRegex(@"^import [^;]*;\n", RegexOptions.Multiline, TimeoutMs)]
    private static partial Regex Import();

    [GeneratedRegex("^export ", RegexOptions.Multiline, TimeoutMs)]
    private static partial Regex Export();

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("talreg-verify-").FullName;

        public string Write(string name, byte[] bytes)
        {
            var path = System.IO.Path.Combine(Path, name);
            File.WriteAllBytes(path, bytes);
            return path;
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
