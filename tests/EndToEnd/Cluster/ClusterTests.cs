using System.Net;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.TestKit;
using Talreg.TestKit.State;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests.Cluster;

/// <summary>Silos and gateway as processes on PostgreSQL: what any of them does, the others know.</summary>
public sealed class ClusterTests(PostgresServer server)
{
    [Fact]
    public async Task Call_of_a_gateway_is_sealed_proved_and_found_through_either_silo()
    {
        using var cluster = await ClusterProcesses.StartAsync(server);
        var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(3),
        });

        var near = await cluster.Near.Client.WaitForAsync(placed.SessionId, CallState.Sealed);
        var far = await cluster.Far.Client.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(near.Id, far.Id);
        AssertComplete(placed, far);
        await AssertDecidedAsync(cluster.Far, far);
        var number = Uri.EscapeDataString("+442070001234");
        Assert.Equal(near.Id, Assert.Single(await cluster.Far.Client.SearchAsync($"party={number}")).Id);

        // The ledger signs with one key, whichever silo it is asked through.
        Assert.True(TrustAnchor.TryParse(await cluster.Far.Client.KeyAsync(), out var anchor, out var reason), reason);
        var report = BundleVerifier.Verify(await cluster.Near.Client.EvidenceAsync(near.Id), anchor);
        Assert.True(report.ExitCode == 0, report.Text());
        Assert.NotEmpty(Wav.Read(await cluster.Far.Client.AudioAsync(near.Id)).Left);
        await AssertMetricsAsync(cluster.Far, "microsoft_orleans");
        await AssertMetricsAsync(cluster.Gateway, "talreg_takes_sealed_total 1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Silo_killed_in_mid_call_costs_no_packet_and_the_call_seals_on_the_other(bool near)
    {
        using var authority = new FakeAuthority();
        using var cluster = await ClusterProcesses.StartAsync(server, authority);
        var (victim, survivor) = near ? (cluster.Near, cluster.Far) : (cluster.Far, cluster.Near);
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(8),
        });
        await survivor.Client.LiveAsync();
        await victim.KillAsync();
        Assert.False(placing.IsCompleted, "The call must last longer than the silo.");
        var placed = await placing;

        var call = await survivor.Client.WaitForAsync(placed.SessionId, CallState.Sealed);
        AssertComplete(placed, call);
        Assert.Equal(EndReason.Bye, call.EndReason);

        // The next call asks the silo that is left.
        var next = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        call = await survivor.Client.WaitForAsync(next.SessionId, CallState.Sealed);
        AssertComplete(next, call);
        await AssertDecidedAsync(survivor, call);
    }

    [Fact]
    public async Task Database_stopped_in_mid_call_costs_no_packet_and_all_is_known_when_it_is_back()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var cluster = await ClusterProcesses.StartAsync(server);
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(4),
        });
        await cluster.Far.Client.LiveAsync();
        await server.StopAsync(cancel);
        DemoCallResult placed, meanwhile;
        try
        {
            Assert.False(placing.IsCompleted, "The call must last longer than the database.");
            placed = await placing;
            meanwhile = await DemoCallTests.PlaceAsync(new DemoCallOptions
            {
                Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(2),
            });
        }
        finally
        {
            await server.StartAgainAsync(cancel);
        }

        AssertComplete(placed, await SealedAsync(cluster.Far, placed));
        AssertComplete(meanwhile, await SealedAsync(cluster.Far, meanwhile));
    }

    [Fact]
    public async Task Gateway_with_a_certificate_of_other_roots_or_with_none_never_joins()
    {
        using var authority = new FakeAuthority();
        using var other = new FakeAuthority();
        using var cluster = await ClusterProcesses.StartAsync(server, authority);
        var stranger = cluster.StartGateway("stranger", "gw2", other);
        await stranger.WaitForLineAsync("No silo of the cluster can be reached");
        stranger.Signal(TalregProcess.Terminate);
        Assert.Equal(0, (await stranger.EndAsync()).Code);
        var bare = cluster.StartGateway("bare", "gw3", withCertificate: false);
        await bare.WaitForLineAsync("No silo of the cluster can be reached");
        bare.Signal(TalregProcess.Terminate);
        Assert.Equal(0, (await bare.EndAsync()).Code);
    }

    // Reports are made again after up to 5 s, seals after up to 30; the first search after an outage may still meet a
    // connection that is broken.
    private static async Task<CallDocument> SealedAsync(TalregProcess silo, DemoCallResult placed)
    {
        CallDocument? found = null;
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    found = (await silo.Client.SearchAsync("state=sealed"))
                        .Find(call => call.SessionId == placed.SessionId);
                    return found is not null;
                }
                catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    return false;
                }
            },
            $"call of session {placed.SessionId} to be sealed after the outage",
            TimeSpan.FromSeconds(90));
        return found!;
    }

    private static void AssertComplete(DemoCallResult placed, CallDocument call) => Assert.Equal(
        placed.Legs.Select(leg => (long)leg.PacketsSent),
        Assert.Single(call.Takes).Streams.Select(stream => stream.Packets));

    // A busy machine's silo may answer a first call too late for its gateway; it is then decided afterwards.
    private static Task AssertDecidedAsync(TalregProcess silo, CallDocument call) => Wait.UntilAsync(
        async () => (await silo.Client.GetAsync(call.Id.ToString()))!.Verdicts.Any(verdict => !verdict.Autonomous),
        "the cluster's own verdict",
        TimeSpan.FromSeconds(20));

    private static async Task AssertMetricsAsync(TalregProcess process, string expected) => Assert.Contains(
        expected,
        await process.Client.Http.GetStringAsync(
            new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken),
        StringComparison.Ordinal);
}
