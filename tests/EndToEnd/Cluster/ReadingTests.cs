using System.Net;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.TestKit;
using Talreg.TestKit.State;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests.Cluster;

/// <summary>
/// Recordings are read wherever they lie: silos and gateways as processes, over mutual TLS, against tickets.
/// </summary>
public sealed class ReadingTests(PostgresServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recording_of_a_gateway_is_played_and_exported_through_any_silo_while_its_gateway_runs()
    {
        using var authority = new FakeAuthority();
        using var cluster = await ClusterProcesses.StartAsync(server, authority);
        var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(2),
        });
        var call = await cluster.Far.Client.WaitForAsync(placed.SessionId, CallState.Sealed);

        var heard = await cluster.Far.Client.AudioAsync(call.Id);
        Assert.Equal(
            -1,
            Wav.FirstUnheard(
                Wav.Read(heard).Left,
                Wav.DecodeALaw(DemoVoices.Caller().AsSpan(0, placed.Legs[0].PacketsSent * ForkedCall.Samples))));
        Assert.Equal(heard, await cluster.Near.Client.AudioAsync(call.Id));
        Assert.True(TrustAnchor.TryParse(await cluster.Near.Client.KeyAsync(), out var anchor, out var reason), reason);
        var report = BundleVerifier.Verify(await cluster.Far.Client.EvidenceAsync(call.Id), anchor);
        Assert.True(report.ExitCode == 0, report.Text());

        // Three readings, each of bytes and of keys; and nothing is left on a silo's disk.
        Assert.Contains(
            "talreg_reading_tickets_total{outcome=\"accepted\"} 6", await MetricsAsync(cluster.Gateway),
            StringComparison.Ordinal);
        await Wait.UntilAsync(
            () => !Directory.EnumerateFiles(cluster.Path("far", "reading")).Any()
                && !Directory.EnumerateFiles(cluster.Path("near", "reading")).Any(),
            "the silos' copies to be gone");

        await cluster.Gateway.KillAsync();
        using (var lost = await cluster.Far.Client.Http.GetAsync(Audio(call), Token))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, lost.StatusCode);
            Assert.Contains(
                "lies with gateway gw1, which cannot be read at https://127.0.0.1:",
                await lost.Content.ReadAsStringAsync(Token),
                StringComparison.Ordinal);
        }

        // It comes back at another address, and nobody has to tell.
        var again = cluster.StartGateway("gateway", "gw1");
        await again.WaitUntilRunningAsync();
        await Wait.UntilAsync(
            async () =>
            {
                using var response = await cluster.Far.Client.Http.GetAsync(Audio(call), Token);
                return response.StatusCode == HttpStatusCode.OK
                    && (await response.Content.ReadAsByteArrayAsync(Token)).SequenceEqual(heard);
            },
            "the recording to be heard from the gateway that came back",
            TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Call_recorded_by_two_gateways_is_healed_and_heard_from_one_when_the_other_is_lost()
    {
        using var cluster = await ClusterProcesses.StartAsync(server);
        var second = cluster.StartGateway("gateway2", "gw2", rtpPorts: "34100-34199");
        await second.WaitUntilRunningAsync();
        using var forked = new ForkedCall();
        await forked.PlaceAsync("two-gateways", cluster.Gateway.Sip, second.Sip, Token);
        var call = await cluster.Far.Client.WaitForAsync("two-gateways", CallState.Sealed);
        Assert.Equal(["gw1", "gw2"], call.Takes.Select(take => take.Gateway).Order());

        await DualRecordingTests.AssertHealedAsync(cluster.Far.Client, call);
        await DualRecordingTests.AssertBundleAsync(cluster.Far.Client, call);

        await second.KillAsync();
        var lost = call.Takes.Single(take => take.Gateway == "gw2");
        using var response = await cluster.Far.Client.Http.GetAsync(Audio(call), Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([$"{lost.Id}"], response.Headers.GetValues("X-Talreg-Missing-Takes"));
        Assert.NotEmpty(Wav.Read(await response.Content.ReadAsByteArrayAsync(Token)).Left);
        var report = await DualRecordingTests.ReportAsync(cluster.Far.Client, call.Id);
        Assert.Equal([lost.Id], report.Missing);
        using var bundle = await cluster.Far.Client.Http.GetAsync(
            new Uri($"api/v1/calls/{call.Id}/evidence?purpose=test", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, bundle.StatusCode);
    }

    private static Uri Audio(CallDocument call) => new($"api/v1/calls/{call.Id}/audio?purpose=test", UriKind.Relative);

    private static Task<string> MetricsAsync(TalregProcess process) =>
        process.Client.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), Token);
}
