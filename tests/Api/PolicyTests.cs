using System.Net;
using System.Text;
using System.Text.Json;
using NSubstitute;
using Talreg.Api.Policies;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Tests;

public sealed class PolicyTests
{
    private const string Version2 = "/api/v1/policies/default/versions/2";

    private static readonly PolicyVersion Second =
        new("default", 2, new PolicyDocument([]), "administrator", Samples.At, null, null);

    [Fact]
    public async Task Schema_is_served_as_it_is_committed()
    {
        await using var host = await ApiHost.StartAsync();
        using var response = await host.Client.GetAsync("/api/v1/schemas/policy");
        Assert.Equal("application/schema+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(PolicySchema.Text.ToArray(), await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Version_is_read_alone_and_an_unknown_one_is_404()
    {
        await using var host = await ApiHost.StartAsync();
        host.Policy.GetVersionAsync(2).Returns(Second);
        Assert.Contains("\"version\":2", await host.Client.GetStringAsync(Version2), StringComparison.Ordinal);
        var unknown = await host.Client.GetAsync("/api/v1/policies/default/versions/3");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Activation_at_a_moment_is_passed_on_and_one_without_offset_is_400()
    {
        await using var host = await ApiHost.StartAsync();
        var at = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        host.Policy.ActivateAsync(2, "administrator", at).Returns(Second with { ActivatedAt = at });
        var ok = await host.Client.PostAsync(Version2 + "/activate?at=2027-01-01T01:00:00%2B01:00", null);
        Assert.Contains("\"activatedAt\":\"2027-01-01", await ok.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var bad = await host.Client.PostAsync(Version2 + "/activate?at=2027-01-01T01:00:00", null);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    [Theory]
    [InlineData("approve")]
    [InlineData("withdraw")]
    public async Task Change_that_a_grain_refuses_is_its_problem(string change)
    {
        await using var host = await ApiHost.StartAsync();
        var refusal = Task.FromException<PolicyVersion>(new RefusalException(RefusalKind.Forbidden, "not you, ann"));
        host.Policy.ApproveAsync(2, "administrator").Returns(refusal);
        host.Policy.WithdrawAsync(2, "administrator").Returns(refusal);
        var response = await host.Client.PostAsync($"{Version2}/{change}", null);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("not you, ann", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulation_is_started_for_the_last_month_and_read_by_page()
    {
        await using var host = await ApiHost.StartAsync();
        var simulation = new PolicySimulation
        {
            Policy = "default", Version = 2, State = SimulationState.Complete, From = Samples.At,
            To = Samples.At.AddDays(31), Calls = 400, Changed = 312, Listed = 312, Next = 60,
            Items =
            [
                new SimulatedCall(Samples.Call.Id, Samples.At, Samples.Call.Verdicts[0], Samples.Call.Verdicts[0]),
            ],
        };
        host.Simulation.StartAsync(default, default, null!).ReturnsForAnyArgs(simulation);
        host.Simulation.GetAsync(50, 10).Returns(simulation);
        using var started = await host.Client.PostAsync(Version2 + "/simulation", null);
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        var (from, to) = host.Simulation.ReceivedCalls().Select(static call => call.GetArguments())
            .Select(static with => ((DateTimeOffset)with[0]!, (DateTimeOffset)with[1]!)).Single();
        Assert.Equal(PolicyChangeEndpoints.Month, to - from);
        var page = await host.Client.GetStringAsync(Version2 + "/simulation?offset=50&limit=10");
        Assert.Contains("\"changed\":312", page, StringComparison.Ordinal);
        Assert.Contains("\"next\":60", page, StringComparison.Ordinal);
        Assert.Contains("\"simulated\":{", page, StringComparison.Ordinal);
        foreach (var query in (string[])["offset=-1", "limit=501", "limit=x"])
        {
            using var bad = await host.Client.GetAsync($"{Version2}/simulation?{query}");
            Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        }

        host.Simulation.GetAsync(0, 50).Returns((PolicySimulation?)null);
        using var none = await host.Client.GetAsync(Version2 + "/simulation");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task Body_of_ten_thousand_rules_is_taken_and_a_longer_one_than_eight_mebibytes_is_413()
    {
        await using var host = await ApiHost.StartAsync();
        host.Policy.DraftAsync(null!, null!).ReturnsForAnyArgs(Second);
        var rules = Enumerable.Range(0, 10_000).Select(static n => new PolicyRule
        {
            Name = $"rule-{n}", Verdict = VerdictKind.Record, RetentionDays = 1826, Purpose = new string('p', 100),
            Called = new PartyCondition { Prefix = $"+46{n}" }, LegalBasis = LegalBasis.LegalObligation,
            Listeners = ["compliance", "supervisors"],
        });
        var body = JsonSerializer.Serialize(new PolicyDocument([.. rules]), TalregJson.Options);
        Assert.True(body.Length > 1024 * 1024, $"{body.Length} characters are no large policy");
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync(host, body)).StatusCode);
        using var refused = await PutAsync(host, new string(' ', PolicyBody.MaxBytes + 1));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        var detail = await refused.Content.ReadAsStringAsync();
        Assert.Contains($"{PolicyBody.MaxBytes} bytes", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recording_whose_rule_names_its_listeners_is_heard_by_nobody_else()
    {
        await using var host = await ApiHost.StartAsync();
        var verdict = Samples.Call.Verdicts[0] with { Rule = "board", Listeners = ["compliance"] };
        host.Call.GetAsync().Returns(Samples.Call with { Verdicts = [verdict] });
        foreach (var what in (string[])["audio", "evidence", "media", "packets"])
        {
            using var response = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}/{what}");
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            var detail = await response.Content.ReadAsStringAsync();
            Assert.Contains("Rule board names who may listen", detail, StringComparison.Ordinal);
        }

        Assert.Equal(0, host.Media.Opened);
        Assert.Empty(host.Ledger.ReceivedCalls());
    }

    private static async Task<HttpResponseMessage> PutAsync(ApiHost host, string body)
    {
        // The client waits for a word before it sends: a body that is refused unread would break the connection under it.
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/policies/default");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.ExpectContinue = true;
        return await host.Client.SendAsync(request);
    }
}
