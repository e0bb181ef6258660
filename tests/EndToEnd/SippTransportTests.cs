using Talreg.Contracts.Calls;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>The same sipp calls over TCP, one connection for all and one for each. Debian's sipp speaks no TLS.</summary>
public sealed class SippTransportTests
{
    private const int Calls = 20;

    [Theory]
    [InlineData("t1")]
    [InlineData("tn")]
    public async Task Twenty_calls_over_one_connection_or_many_are_all_sealed(string transport)
    {
        var sipp = Peer.Require("sipp", "sip-tester");
        var folder = Recorder.NewFolder();
        try
        {
            await using var recorder = await Recorder.StartAsync(ports: 200);
            var scenario = Path.Combine(folder, "siprec.xml");
            var text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "siprec.xml"));
            await File.WriteAllTextAsync(scenario, Signalling(text));
            string[] arguments =
            [
                $"{recorder.SipTcp}", "-sf", scenario, "-m", $"{Calls}", "-l", "10", "-r", "50", "-i", "127.0.0.1",
                "-t", transport, "-max_socket", "1000", "-nostdin", "-trace_err", "-timeout", "60",
            ];
            var (code, output) = await Peer.RunAsync(
                sipp, arguments, folder, TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
            var errors = Directory.GetFiles(folder, "*errors.log").Select(File.ReadAllText).FirstOrDefault();
            Assert.True(code == 0, $"sipp ended with {code}: {errors}{output[Math.Max(0, output.Length - 2000)..]}");
            await Wait.UntilAsync(
                async () => (await recorder.SearchAllAsync("state=sealed")).Count == Calls,
                $"{Calls} sealed calls",
                TimeSpan.FromSeconds(30));
            Assert.All(
                await recorder.SearchAllAsync("state=sealed"), call => Assert.Equal(EndReason.Bye, call.EndReason));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The scenario without its voices: here only the signalling is looked at.
    private static string Signalling(string scenario)
    {
        var start = scenario.IndexOf("<nop>", StringComparison.Ordinal);
        var end = scenario.IndexOf("<send retrans=\"500\"><![CDATA[\nBYE", StringComparison.Ordinal);
        return scenario[..start] + "<pause milliseconds=\"200\"/>\n" + scenario[end..];
    }
}
