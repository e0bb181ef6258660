using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;
using Talreg.Grains.Policies;
using Talreg.Policy;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>A policy's change through the API of a whole recorder, on a call that really was, by two people.</summary>
public sealed class PolicyChangeTests
{
    private const string SecondToken = "tlr_end-to-end-second-person-0123456789";
    private const string Path = "api/v1/policies/default/versions/2";

    // The caller of the demo's call is a protected line, and its interface is bound by law to record.
    private const string Text = """
        {"schema":"urn:talreg:policy:1",
         "partyLists":[{"name":"protected","entries":["+4930555*"]}],
         "rules":[
          {"name":"mifid","duty":"mustRecord","interface":"sip1","verdict":"record","retentionDays":1826,
           "extendableToDays":2557,"legalBasis":"legalObligation","purpose":"orders"},
          {"name":"lawyers","duty":"mustNotRecord","party":{"list":"protected"},"verdict":"never",
           "retentionDays":1,"purpose":"a protected line"},
          {"name":"rest","verdict":"record","retentionDays":1826,"purpose":"orders"}]}
        """;

    [Fact]
    public async Task Draft_is_simulated_approved_by_another_and_decides_from_its_moment_on_and_conflicts_are_told()
    {
        var folder = Recorder.NewFolder();
        try
        {
            await WriteTokensAsync(folder);
            await using var recorder = await Recorder.StartAsync(
                folder, change: settings => settings with { PolicyApproval = PolicyApproval.Two });
            using var second = new HttpClient { BaseAddress = recorder.Http.BaseAddress };
            second.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SecondToken);
            await CallAsync(recorder, CallState.Sealed);
            using var content = new StringContent(Text, Encoding.UTF8, "application/json");
            using var drafted = await recorder.Http.PutAsync(
                new Uri("api/v1/policies/default", UriKind.Relative), content);
            Assert.Equal(HttpStatusCode.Accepted, drafted.StatusCode);

            await RefusedAsync(recorder.Http, "activate", HttpStatusCode.Forbidden, "drafted by administrator");
            await RefusedAsync(second, "approve", HttpStatusCode.Conflict, "not simulated");
            await SimulateAsync(recorder);
            await RefusedAsync(recorder.Http, "approve", HttpStatusCode.Forbidden, "another than administrator");
            await PostAsync(second, "approve");

            var later = Uri.EscapeDataString(TimeProvider.System.GetUtcNow().AddHours(1).ToString("O"));
            await PostAsync(recorder.Http, $"activate?at={later}");
            Assert.Equal(1, await ActiveAsync(recorder));
            await PostAsync(recorder.Http, "withdraw");
            await RefusedAsync(recorder.Http, "activate", HttpStatusCode.Forbidden, "needs the approval of another");
            await PostAsync(second, "approve");
            await PostAsync(recorder.Http, "activate");
            Assert.Equal(2, await ActiveAsync(recorder));

            var call = await CallAsync(recorder, CallState.NotRecorded);
            Assert.Empty(call.Takes);
            Assert.Equal(("lawyers", 2), (call.Verdicts[0].Rule, call.Verdicts[0].Version));
            Assert.Equal("mifid", call.Verdicts[0].Conflict!.Rule);
            Assert.Equal("rule 'mifid': interface is sip1", call.Verdicts[0].Conflict!.Reason);
            var old = await recorder.Http.GetStringAsync(
                new Uri("api/v1/policies/default/versions/1", UriKind.Relative));
            Assert.Contains("\"name\":\"all\"", old, StringComparison.Ordinal);
            await AssertLeavesAsync(recorder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Policy_of_ten_thousand_rules_is_kept_over_a_restart_and_decides()
    {
        var folder = Recorder.NewFolder();
        try
        {
            var rules = Enumerable.Range(0, 9_998).Select(static n => new PolicyRule
            {
                Name = FormattableString.Invariant($"line-{n}"), Verdict = VerdictKind.Record, RetentionDays = 1826,
                Purpose = "orders by telephone, recorded because the law says so", Duty = PolicyDuty.MustRecord,
                Called = new PartyCondition { Number = FormattableString.Invariant($"+4689{n:D6}") },
            });
            var last = DefaultPolicy.Document.Rules[0];
            var called = last with { Name = "called", Called = new PartyCondition { Number = "+442070001234" } };
            var text = JsonSerializer.Serialize(
                new PolicyDocument([.. rules, called, last]), TalregJson.Options);
            await using (var recorder = await Recorder.StartAsync(folder))
            {
                await ControlTests.ActivateAsync(recorder, text);
            }

            await using (var recorder = await Recorder.StartAsync(folder))
            {
                var call = await CallAsync(recorder, CallState.Sealed);
                Assert.Contains(call.Verdicts, static verdict => verdict is { Rule: "called", Version: 2 });
                var version = await recorder.Http.GetFromJsonAsync<PolicyVersion>(
                    new Uri(Path, UriKind.Relative), TalregJson.Options);
                Assert.Equal(10_000, version!.Document!.Rules.Count);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<CallDocument> CallAsync(Recorder recorder, CallState state)
    {
        var placed = await DemoCallTests.PlaceAsync(new Silo.Demo.DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        return await recorder.WaitForAsync(placed.SessionId, state);
    }

    private static async Task SimulateAsync(Recorder recorder)
    {
        await PostAsync(recorder.Http, "simulation");
        JsonNode? found = null;
        await Wait.UntilAsync(
            async () =>
            {
                found = await recorder.Http.GetFromJsonAsync<JsonNode>(new Uri(Path + "/simulation", UriKind.Relative));
                return found!["state"]!.GetValue<string>() == "complete";
            },
            "the simulation to be complete",
            TimeSpan.FromSeconds(20));
        Assert.Equal((1, 1), (found!["calls"]!.GetValue<int>(), found["changed"]!.GetValue<int>()));
        var call = Assert.Single(found["items"]!.AsArray())!;
        Assert.Equal("record", call["decided"]!["kind"]!.GetValue<string>());
        Assert.Equal("all", call["decided"]!["rule"]!.GetValue<string>());
        Assert.Equal("never", call["simulated"]!["kind"]!.GetValue<string>());
        Assert.Equal("lawyers", call["simulated"]!["rule"]!.GetValue<string>());
        Assert.Equal("mustRecord", call["simulated"]!["conflict"]!["duty"]!.GetValue<string>());
    }

    private static async Task AssertLeavesAsync(Recorder recorder)
    {
        var ledger = recorder.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default");
        var leaves = await ledger.ReadAsync(0);
        var changes = leaves.Where(static leaf => leaf.Kind == LedgerEventKind.Policy)
            .Select(static leaf => JsonNode.Parse(leaf.Body)!).ToList();
        Assert.Equal(
            ["drafted", "simulated", "approved", "activated", "withdrawn", "approved", "activated"],
            changes.Select(static change => change["change"]!.GetValue<string>()));
        Assert.Equal("administrator", changes[^1]["draftedBy"]!.GetValue<string>());
        Assert.Equal("second", changes[^1]["approvedBy"]!.GetValue<string>());
        Assert.Single(changes.Select(static change => change["contentHash"]!.GetValue<string>()).Distinct());
    }

    private static async Task<int> ActiveAsync(Recorder recorder) =>
        (await recorder.Http.GetFromJsonAsync<JsonNode>(new Uri("api/v1/policies/default", UriKind.Relative)))!
            ["activeVersion"]!.GetValue<int>();

    private static async Task PostAsync(HttpClient client, string change)
    {
        using var response = await client.PostAsync(new Uri($"{Path}/{change}", UriKind.Relative), content: null);
        Assert.True(response.IsSuccessStatusCode, $"{change}: {await response.Content.ReadAsStringAsync()}");
    }

    private static async Task RefusedAsync(HttpClient client, string change, HttpStatusCode status, string why)
    {
        using var response = await client.PostAsync(new Uri($"{Path}/{change}", UriKind.Relative), content: null);
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(why, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>The token file as the README tells to write it: two people, by the SHA-256 of their tokens.</summary>
    private static async Task WriteTokensAsync(string folder)
    {
        var file = System.IO.Path.Combine(folder, "tokens.json");
        var tokens = new JsonArray(Token("administrator", RecorderClient.Token), Token("second", SecondToken));
        await File.WriteAllTextAsync(file, new JsonObject { ["version"] = 1, ["tokens"] = tokens }.ToJsonString());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static JsonObject Token(string name, string token) => new()
    {
        ["name"] = name,
        ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
        ["createdAt"] = "2026-11-24T00:00:00Z",
    };
}
