using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Silo.Demo;
using Talreg.Silo.Hosting;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>What policy and commands do to real calls, and what is left when the read model is thrown away.</summary>
public sealed class ControlTests
{
    [Fact]
    public async Task Never_stores_nothing_and_on_demand_starts_and_stops_and_a_rebuild_answers_the_same()
    {
        await using var recorder = await Recorder.StartAsync();
        await ActivateAsync(recorder, """
            {"rules":[
              {"name":"union","channel":null,"callingPrefix":"+4930","calledPrefix":null,"direction":null,
               "verdict":"never","retentionDays":1,"purpose":"a protected line"},
              {"name":"rest","channel":null,"callingPrefix":null,"calledPrefix":null,"direction":null,
               "verdict":"onDemand","retentionDays":30,"purpose":"sales"}]}
            """);

        var never = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        var protectedCall = await recorder.WaitForAsync(never.SessionId, CallState.NotRecorded);
        Assert.All(never.Legs, leg => Assert.Equal(0, leg.PacketsSent));
        Assert.Empty(protectedCall.Takes);
        Assert.NotNull(protectedCall.Evidence);
        Assert.Equal((VerdictKind.Never, "union"), (protectedCall.Verdicts[0].Kind, protectedCall.Verdicts[0].Rule));

        var demanded = await OnDemandAsync(recorder);
        Assert.Equal(CallState.Sealed, demanded.State);
        Assert.Equal(EndReason.Stopped, demanded.EndReason);
        Assert.InRange(demanded.Takes[0].Streams[0].Packets, 40, 190);
        Assert.Equal(
            [VerdictKind.OnDemand, VerdictKind.Record, VerdictKind.OnDemand], demanded.Verdicts.Select(verdict =>
                verdict.Kind));

        var before = JsonSerializer.Serialize(
            await recorder.SearchAllAsync("from=2026-01-01T00:00:00Z"), TalregJson.Options);
        var rebuild = recorder.Services.GetRequiredService<ReadModelRebuild>();
        var index = recorder.Services.GetRequiredService<ICallIndex>();
        await index.ClearAsync(CancellationToken.None);
        Assert.Empty(await recorder.SearchAllAsync("state=sealed"));
        var (calls, unreadable) = await rebuild.RunAsync("default", progress: null, CancellationToken.None);
        Assert.Equal((2L, 0L), (calls, unreadable));
        Assert.Equal(
            before, JsonSerializer.Serialize(
                await recorder.SearchAllAsync("from=2026-01-01T00:00:00Z"), TalregJson.Options));
    }

    [Fact]
    public async Task Search_and_epoch_survive_a_restart_and_a_second_recorder_is_refused()
    {
        var folder = Recorder.NewFolder();
        try
        {
            string before;
            await using (var recorder = await Recorder.StartAsync(folder))
            {
                var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
                {
                    Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
                });
                var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
                Assert.Equal(1, call.Takes[0].Epoch);
                before = JsonSerializer.Serialize(await recorder.SearchAllAsync("state=sealed"), TalregJson.Options);
                var refused = await Assert.ThrowsAsync<StartRefusedException>(() => Recorder.StartAsync(folder));
                Assert.Contains("Another recorder", refused.Message, StringComparison.Ordinal);
            }

            await using (var recorder = await Recorder.StartAsync(folder))
            {
                Assert.Equal(
                    before, JsonSerializer.Serialize(
                        await recorder.SearchAllAsync("state=sealed"), TalregJson.Options));
                var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
                {
                    Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
                });
                var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
                Assert.Equal(2, call.Takes[0].Epoch);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Unknown_call_is_404_missing_token_401_and_a_live_take_is_sealed_at_shutdown()
    {
        var folder = Recorder.NewFolder();
        try
        {
            string session;
            Task<DemoCallResult> placing;
            await using (var recorder = await Recorder.StartAsync(folder))
            {
                using var unknown = await recorder.Http.GetAsync(
                    new Uri($"api/v1/calls/{Guid.CreateVersion7()}", UriKind.Relative));
                Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
                using var stranger = new HttpClient { BaseAddress = recorder.Http.BaseAddress };
                using var closed = await stranger.GetAsync(new Uri("api/v1/calls", UriKind.Relative));
                Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);

                placing = new DemoSbc().PlaceAsync(
                    new DemoCallOptions { Recorder = recorder.Sip, AnswerTimeout = TimeSpan.FromSeconds(10) },
                    progress: null,
                    CancellationToken.None);
                var live = await recorder.LiveAsync();
                session = live.SessionId;
            }

            await placing;
            await using (var recorder = await Recorder.StartAsync(folder))
            {
                var call = await recorder.WaitForAsync(session, CallState.Sealed);
                Assert.Equal(EndReason.Shutdown, call.EndReason);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<CallDocument> OnDemandAsync(Recorder recorder)
    {
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, CallerNumber = "+4685550100", MaxDuration = TimeSpan.FromSeconds(5),
        });
        CallDocument? live = null;
        await Wait.UntilAsync(
            async () => (live = (await recorder.SearchAsync("state=active")).FirstOrDefault()) is { Takes.Count: 1 },
            "the on-demand call to be live");
        await CommandAsync(recorder, live!, "start");
        await Wait.UntilAsync(
            async () => (await recorder.GetAsync(live!.Id.ToString()))!.Takes[0].Streams[0].Packets >= 40,
            "40 packets to be recorded");
        await CommandAsync(recorder, live!, "stop");
        var placed = await placing;
        return await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
    }

    internal static async Task CommandAsync(Recorder recorder, CallDocument call, string command)
    {
        using var answer = await recorder.Http.PostAsync(
            new Uri($"api/v1/calls/{call.Id}/{command}", UriKind.Relative), content: null);
        Assert.True(answer.IsSuccessStatusCode, $"{command}: {await answer.Content.ReadAsStringAsync()}");
    }

    internal static async Task ActivateAsync(Recorder recorder, string policy)
    {
        using var content = new StringContent(policy, Encoding.UTF8, "application/json");
        using var drafted = await recorder.Http.PutAsync(new Uri("api/v1/policies/default", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.Accepted, drafted.StatusCode);
        var version = (await drafted.Content.ReadFromJsonAsync<JsonObject>())!["version"]!.GetValue<int>();
        using var activated = await recorder.Http.PostAsync(
            new Uri($"api/v1/policies/default/versions/{version}/activate", UriKind.Relative), content: null);
        Assert.True(activated.IsSuccessStatusCode, await activated.Content.ReadAsStringAsync());
    }
}
