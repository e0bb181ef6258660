using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Talreg.Api.Operations;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Json;
using Talreg.Silo.Demo;
using Talreg.TestKit;
using Talreg.TestKit.State;

namespace Talreg.EndToEnd.Tests.Cluster;

/// <summary>
/// Two gateways on one interface, and what becomes of it when its owner is killed, frozen or drained.
/// </summary>
public sealed class TakeoverTests(PostgresServer server, ITestOutputHelper output)
{
    [Fact]
    public async Task Owner_and_its_silo_killed_in_mid_call_the_standby_answers_and_records()
    {
        using var cluster = await ClusterProcesses.StartPairAsync(server);
        await StandingByAsync(cluster.Far);
        using var ending = new CancellationTokenSource();
        var placing = PlaceAsync(cluster.Gateway.Sip, ending.Token);
        var live = await cluster.Far.Client.LiveAsync(chunks: 5);

        var killed = Stopwatch.GetTimestamp();
        await Task.WhenAll(cluster.Gateway.KillAsync(), cluster.Near.KillAsync());
        await Wait.UntilAsync(
            async () => await OptionsAsync(cluster.Standby.Sip) == 200,
            "the standby to take calls",
            TimeSpan.FromSeconds(20));
        output.WriteLine($"The interface answered again after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.00} s.");
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => placing);

        var next = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Standby.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        var call = await SealedAsync(cluster.Far, next.SessionId);
        Assert.Equal(("gw2", 2L), (call.Takes[0].Gateway, call.Takes[0].Epoch));
        Assert.Equal(
            next.Legs.Select(leg => (long)leg.PacketsSent), call.Takes[0].Streams.Select(stream => stream.Packets));

        // What the dead one had committed it seals when it is started again; it stands by then.
        cluster.StartMember("gw1");
        var interrupted = await SealedAsync(cluster.Far, live.SessionId);
        Assert.Equal((EndReason.Restart, 1L), (interrupted.EndReason, interrupted.Takes[0].Epoch));
        Assert.True(interrupted.Takes[0].CommittedChunks >= live.Takes[0].CommittedChunks);
        await StatusAsync(cluster.Far, one => one is { Owner: "gw2", Epoch: 2, Standbys: ["gw1"] }, "gw1 to stand by");
    }

    [Fact]
    public async Task Owner_killed_while_a_silo_is_frozen_is_taken_over_through_the_other()
    {
        using var cluster = await ClusterProcesses.StartPairAsync(server);
        await StandingByAsync(cluster.Far);
        cluster.Near.Signal(TalregProcess.Freeze);
        var killed = Stopwatch.GetTimestamp();
        await cluster.Gateway.KillAsync();
        await Wait.UntilAsync(
            async () => await OptionsAsync(cluster.Standby.Sip) == 200,
            "the standby to take calls",
            TimeSpan.FromSeconds(20));
        output.WriteLine(
            $"With a frozen silo the interface answered after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.00} s.");
        Assert.True(await MetricAsync(cluster.Standby, "talreg_interface_epoch{interface=\"sip1\"} 2"));
    }

    [Fact]
    public async Task Owner_frozen_and_taken_over_keeps_its_audio_flagged_and_answers_no_sip()
    {
        using var cluster = await ClusterProcesses.StartPairAsync(server, mediaTimeout: 5);
        await StandingByAsync(cluster.Near);
        using var ending = new CancellationTokenSource();
        var placing = PlaceAsync(cluster.Gateway.Sip, ending.Token);
        var live = await cluster.Near.Client.LiveAsync();

        cluster.Gateway.Signal(TalregProcess.Freeze);
        await StatusAsync(cluster.Near, one => one is { Owner: "gw2", Epoch: 2 }, "gw2 to take over");
        using var src = await FakeSrc.ConnectAsync(
            cluster.Gateway.Sip, tcp: false, TestContext.Current.CancellationToken);
        await src.SendAsync(src.Invite(), TestContext.Current.CancellationToken);
        cluster.Gateway.Signal(TalregProcess.Continue);

        // The INVITE waited in its socket; it must not be taken, and the call that it has goes on.
        await Wait.UntilAsync(
            async () => await MetricAsync(
                cluster.Gateway, "talreg_interface_role{interface=\"sip1\",role=\"stale\"} 1"),
            "gw1 to know that it is stale",
            TimeSpan.FromSeconds(20));
        await Wait.UntilAsync(
            async () => (await cluster.Near.Client.GetAsync(live.Id.ToString()))!.Flags.Contains(CallFlags.StaleEpoch),
            "the call to be flagged",
            TimeSpan.FromSeconds(20));
        var before = (await cluster.Near.Client.GetAsync(live.Id.ToString()))!.Takes[0].CommittedChunks;
        await Wait.UntilAsync(
            async () => (await cluster.Near.Client.GetAsync(live.Id.ToString()))!.Takes[0].CommittedChunks > before,
            "more of the call to be committed",
            TimeSpan.FromSeconds(20));
        Assert.True(await MetricAsync(cluster.Gateway, "talreg_sip_withheld_total 1"));
        Assert.Single(await cluster.Near.Client.SearchAsync("state=active"));

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => placing);
        var call = await SealedAsync(cluster.Near, live.SessionId);
        Assert.Equal((EndReason.MediaTimeout, "gw1", 1L), (call.EndReason, call.Takes[0].Gateway, call.Takes[0].Epoch));
        Assert.Contains(CallFlags.StaleEpoch, call.Flags);
        await StatusAsync(cluster.Near, one => one is { Owner: "gw2", Standbys: ["gw1"] }, "gw1 to stand by again");
        Assert.Equal(503, await OptionsAsync(cluster.Gateway.Sip));
    }

    [Fact]
    public async Task Drained_owner_keeps_its_call_to_the_end_and_new_ones_go_to_the_standby()
    {
        using var cluster = await ClusterProcesses.StartPairAsync(server);
        await StandingByAsync(cluster.Far);
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Gateway.Sip, MaxDuration = TimeSpan.FromSeconds(8),
        });
        await cluster.Far.Client.LiveAsync();

        var (code, text) = await VerbAsync(cluster.Far, "drain", "--interface", "sip1");
        Assert.True(code == 0, text);
        Assert.Contains("gw2 owns it under epoch 2; before it was gw1.", text, StringComparison.Ordinal);
        Assert.False(placing.IsCompleted, "The call must last longer than the drain.");
        Assert.Equal(503, await OptionsAsync(cluster.Gateway.Sip));
        var next = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = cluster.Standby.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        Assert.Equal(2, (await SealedAsync(cluster.Far, next.SessionId)).Takes[0].Epoch);

        var placed = await placing;
        var call = await SealedAsync(cluster.Far, placed.SessionId);
        Assert.Equal((EndReason.Bye, 1L), (call.EndReason, call.Takes[0].Epoch));
        Assert.DoesNotContain(CallFlags.StaleEpoch, call.Flags);
        Assert.Equal(
            placed.Legs.Select(leg => (long)leg.PacketsSent), call.Takes[0].Streams.Select(stream => stream.Packets));

        await StatusAsync(cluster.Far, one => one.Standbys is ["gw1"] && Hears(one), "gw1 to stand by and to be heard");
        (code, text) = await VerbAsync(cluster.Far, "failback", "--interface", "sip1");
        Assert.True(code == 0, text);
        await StatusAsync(cluster.Far, one => one is { Owner: "gw1", Epoch: 3 }, "gw1 to own its interface again");
        await StatusAsync(cluster.Far, one => one.Standbys is ["gw2"] && Hears(one), "gw2 to stand by and to be heard");
        (code, text) = await VerbAsync(cluster.Far, "status");
        Assert.True(code == 0, text);
        Assert.Matches(@"(?m)^sip1\s+gw1\s+3\s", text);
    }

    [Fact]
    public async Task Without_the_database_nobody_takes_over_and_there_is_an_alarm_until_it_is_back()
    {
        using var cluster = await ClusterProcesses.StartPairAsync(server);
        await StandingByAsync(cluster.Far);
        await server.StopAsync(TestContext.Current.CancellationToken);
        try
        {
            await cluster.Gateway.KillAsync();
            await Wait.UntilAsync(
                async () => await MetricAsync(
                    cluster.Standby, "talreg_interface_takeover_blocked{interface=\"sip1\"} 1"),
                "the alarm",
                TimeSpan.FromSeconds(30));
            Assert.Equal(503, await OptionsAsync(cluster.Standby.Sip));
        }
        finally
        {
            await server.StartAgainAsync(TestContext.Current.CancellationToken);
        }

        await Wait.UntilAsync(
            async () => await OptionsAsync(cluster.Standby.Sip) == 200,
            "the standby to take calls",
            TimeSpan.FromSeconds(60));
    }

    internal static Task StandingByAsync(TalregProcess silo) => StatusAsync(
        silo, one => one is { Owner: "gw1", Standbys: ["gw2"] } && Hears(one), "gw2 to stand by and to be heard");

    // Both ways: the owner hears its standby, which it would hand over to, and is heard by it.
    private static bool Hears(InterfaceStatus one) =>
        one.Gateways.Count == 2 && one.Gateways.All(gateway => gateway.HeardMs.Count == 1);

    private static Task StatusAsync(TalregProcess silo, Predicate<InterfaceStatus> condition, string what) =>
        Wait.UntilAsync(
            async () =>
            {
                using var response = await silo.Client.Http.GetAsync(
                    new Uri("api/v1/operations/status", UriKind.Relative));
                return response.IsSuccessStatusCode
                    && (await response.Content.ReadFromJsonAsync<ClusterStatus>(TalregJson.Options))!.Interfaces
                        .Any(one => condition(one));
            },
            what,
            TimeSpan.FromSeconds(30));

    private static async Task<bool> MetricAsync(TalregProcess process, string line) =>
        (await process.Client.Http.GetStringAsync(new Uri("metrics", UriKind.Relative)))
        .Contains(line, StringComparison.Ordinal);

    internal static async Task<int> OptionsAsync(IPEndPoint sip)
    {
        using var src = await FakeSrc.ConnectAsync(sip, tcp: false, TestContext.Current.CancellationToken);
        await src.SendAsync(src.Request("OPTIONS", 1), TestContext.Current.CancellationToken);
        var answer = await src.ReceiveAsync("SIP/2.0 ", TestContext.Current.CancellationToken);
        return int.Parse(answer.AsSpan(8, 3), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Task<DemoCallResult> PlaceAsync(IPEndPoint sip, CancellationToken ending) =>
        new DemoSbc().PlaceAsync(
            new DemoCallOptions { Recorder = sip, AnswerTimeout = TimeSpan.FromSeconds(10) }, progress: null, ending);

    // A killed silo's grains are elsewhere after some seconds; until then a search may be answered 503.
    private static async Task<CallDocument> SealedAsync(TalregProcess silo, string session)
    {
        CallDocument? found = null;
        await Wait.UntilAsync(
            async () =>
            {
                using var response = await silo.Client.Http.GetAsync(
                    new Uri("api/v1/calls?state=sealed&limit=500", UriKind.Relative));
                found = response.IsSuccessStatusCode
                    ? (await response.Content.ReadFromJsonAsync<CallPage>(TalregJson.Options))!.Items
                        .FirstOrDefault(call => call.SessionId == session)
                    : null;
                return found is not null;
            },
            $"call of session {session} to be sealed",
            TimeSpan.FromSeconds(60));
        return (await silo.Client.GetAsync(found!.Id.ToString()))!;
    }

    private static async Task<(int Code, string Text)> VerbAsync(TalregProcess silo, params string[] verb)
    {
        using var process = TalregProcess.Start(
            [.. verb, "--server", silo.Client.Http.BaseAddress!.ToString()],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["TALREG_TOKEN"] = RecorderClient.Token });
        var (code, text, error) = await process.EndAsync();
        return (code, text + error);
    }
}
