using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Tests;

public sealed class CallTests
{
    private const string CallJson =
        "{\"id\":\"01932f6e-5c00-7000-8000-000000000001\",\"tenant\":\"default\",\"kind\":\"call\","
        + "\"sessionId\":\"session-1\","
        + "\"channels\":[\"sip/1001\"],\"state\":\"sealed\",\"startedAt\":\"2026-11-23T19:00:00.000Z\","
        + "\"endedAt\":\"2026-11-23T19:00:05.000Z\",\"endReason\":\"bye\","
        + "\"verdicts\":[{\"at\":\"2026-11-23T19:00:00.000Z\","
        + "\"kind\":\"record\",\"policy\":\"default\",\"version\":1,\"rule\":\"all\",\"reason\":\"matches everything\","
        + "\"autonomous\":false,\"retentionDays\":1826,\"purpose\":\"recording\"}],\"participants\":[{\"id\":\"p1\","
        + "\"aor\":\"sip:+4930123@example.org\",\"name\":\"<b>Ann</b>\"}],\"links\":[],\"flags\":[\"packetsLost\"],"
        + "\"takes\":[{\"id\":\"01932f6e-5c00-7000-8000-000000000002\",\"gateway\":\"g1\",\"epoch\":3,\"sealed\":true,"
        + "\"committedChunks\":4,\"streams\":[{\"index\":0,\"label\":\"1\",\"codec\":\"PCMA\",\"participant\":null,"
        + "\"packets\":10,\"lost\":2,\"kernelDrops\":0,\"late\":0,\"foreign\":0,\"firstAt\":null,\"lastAt\":null}]}],"
        + "\"evidence\":{\"leaf\":7,\"checkpointSize\":8},\"attributes\":[],\"timeline\":[]}";

    [Fact]
    public async Task Call_is_these_bytes()
    {
        await using var host = await ApiHost.StartAsync();
        var response = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(CallJson, await response.Content.ReadAsStringAsync());
        Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Call_of_another_tenant_or_of_nobody_is_404()
    {
        await using var host = await ApiHost.StartAsync();
        host.Call.GetAsync().Returns(Samples.Call with { Tenant = "other" }, (CallDocument?)null);
        for (var i = 0; i < 2; i++)
        {
            var response = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}");
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task Search_passes_every_filter_and_gives_the_page()
    {
        await using var host = await ApiHost.StartAsync();
        var from = Samples.At;
        var query = new CallQuery(
            "default", "4930*", "sip/1001", from, from.AddHours(1), CallState.NotRecorded, 500, "c1");
        host.Index.SearchAsync(query, Arg.Any<CancellationToken>()).Returns(new CallPage([Samples.Call], "c2"));
        var body = await host.Client.GetStringAsync(
            "/api/v1/calls?party=4930*&channel=sip/1001&from=2026-11-23T19:00:00Z&to=2026-11-23T21:00:00%2B01:00"
            + "&state=notRecorded&limit=500&cursor=c1");
        Assert.Equal($"{{\"items\":[{CallJson}],\"next\":\"c2\"}}", body);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("state=Sealed", "state")]
    [InlineData("state=0", "state")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-11-23T19:00:00", "from")]
    [InlineData("to=2026-11-23", "to")]
    [InlineData("from=2026-11-23T19:00:00Z&to=2026-11-23T19:00:00Z", "to")]
    [InlineData("party=12*", "party")]
    [InlineData("party=1*2345", "party")]
    [InlineData("channel=sip", "channel")]
    [InlineData("channel=SIP/1", "channel")]
    [InlineData("cursor=", "cursor")]
    public async Task Search_value_that_cannot_be_is_400_and_named(string query, string name)
    {
        await using var host = await ApiHost.StartAsync();
        var response = await host.Client.GetAsync("/api/v1/calls?" + query);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("urn:talreg:problem:invalid-parameter", body, StringComparison.Ordinal);
        Assert.Contains($"The parameter '{name}' held '", body, StringComparison.Ordinal);
        Assert.Empty(host.Index.ReceivedCalls());
    }

    [Fact]
    public async Task Search_as_arrow_has_lists_and_the_cursor()
    {
        await using var host = await ApiHost.StartAsync();
        var active = Samples.Call with { State = CallState.Active, EndedAt = null, EndReason = null, Channels = [] };
        host.Index.SearchAsync(Arg.Any<CallQuery>(), Arg.Any<CancellationToken>())
            .Returns(new CallPage([Samples.Call, active], "c2"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.apache.arrow.stream"));
        var response = await host.Client.SendAsync(request);
        Assert.Equal("c2", response.Headers.GetValues("X-Talreg-Next").Single());
        using var reader = new ArrowStreamReader(await response.Content.ReadAsStreamAsync());
        using var batch = await reader.ReadNextRecordBatchAsync();
        Assert.Equal(2, batch.Length);
        Assert.Equal(Samples.Id, ((StringArray)batch.Column("id")).GetString(0));
        Assert.Equal("active", ((StringArray)batch.Column("state")).GetString(1));
        Assert.Equal(Samples.At, ((TimestampArray)batch.Column("startedAt")).GetTimestamp(0));
        Assert.True(((TimestampArray)batch.Column("endedAt")).IsNull(1));
        var parties = (StringArray)((ListArray)batch.Column("parties")).GetSlicedValues(1);
        Assert.Equal("sip:+4930123@example.org", parties.GetString(0));
        Assert.Equal(0, ((ListArray)batch.Column("channels")).GetSlicedValues(1).Length);
        Assert.Equal(2, ((Int64Array)batch.Column("lost")).GetValue(0));
        Assert.Null(await reader.ReadNextRecordBatchAsync());
    }

    [Theory]
    [InlineData("start", CallCommand.Start)]
    [InlineData("stop", CallCommand.Stop)]
    [InlineData("pause", CallCommand.Pause)]
    [InlineData("resume", CallCommand.Resume)]
    [InlineData("suppress-digits", CallCommand.SuppressDigits)]
    [InlineData("allow-digits", CallCommand.AllowDigits)]
    public async Task Command_reaches_the_grain_in_the_tokens_name(string word, CallCommand command)
    {
        await using var host = await ApiHost.StartAsync();
        host.Call.CommandAsync(command, "administrator", "card number").Returns(Samples.Call);
        var response = await host.Client.PostAsync($"/api/v1/calls/{Samples.Id}/{word}?reason=card%20number", null);
        Assert.Equal(CallJson, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("reason=")]
    [InlineData("reason=a%0Ab")]
    [InlineData("reason=257")]
    public async Task Command_with_a_reason_that_is_no_text_is_400(string query)
    {
        await using var host = await ApiHost.StartAsync();
        query = query.Replace("257", new string('r', 257), StringComparison.Ordinal);
        var response = await host.Client.PostAsync($"/api/v1/calls/{Samples.Id}/suppress-digits?{query}", null);
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("reason", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RefusalKind.NotFound, 404)]
    [InlineData(RefusalKind.Invalid, 400)]
    [InlineData(RefusalKind.WrongState, 409)]
    [InlineData(RefusalKind.StaleEpoch, 409)]
    [InlineData(RefusalKind.Forbidden, 403)]
    [InlineData(RefusalKind.Unavailable, 503)]
    public async Task Refusal_of_a_grain_is_its_problem(RefusalKind kind, int status)
    {
        await using var host = await ApiHost.StartAsync();
        host.Call.CommandAsync(default, null!, null).ThrowsAsyncForAnyArgs(new RefusalException(kind, "say why"));
        var response = await host.Client.PostAsync($"/api/v1/calls/{Samples.Id}/stop", null);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains("\"detail\":\"say why\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grain_that_does_not_answer_is_503()
    {
        await using var host = await ApiHost.StartAsync();
        host.Call.GetAsync().ThrowsAsync(new TimeoutException());
        var response = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Channel_known_is_given_and_bad_names_are_400()
    {
        await using var host = await ApiHost.StartAsync();
        host.Channel.GetAsync().Returns(new ChannelDocument("default", "sip", "1001", "default", [], null, null, 4));
        var body = await host.Client.GetStringAsync("/api/v1/channels/sip/1001");
        Assert.Contains("\"callsAdmitted\":4", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync("/api/v1/channels/SIP/1")).StatusCode);
        host.Channel.GetAsync().Returns((ChannelDocument?)null);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/api/v1/channels/sip/1001")).StatusCode);
    }

    [Fact]
    public async Task Policy_drafted_is_202_read_and_activated()
    {
        await using var host = await ApiHost.StartAsync();
        var version = new PolicyVersion("default", 2, new PolicyDocument([]), "administrator", Samples.At, null, null);
        host.Policy.DraftAsync(Arg.Any<PolicyDocument>(), "administrator").Returns(version);
        host.Policy.ActivateAsync(2, "administrator", null).Returns(version with { ActivatedBy = "administrator" });
        host.Policy.GetAsync().Returns(new PolicyHistory("default", 1, [version]));
        const string rule = "{\"rules\":[{\"name\":\"all\",\"channel\":null,\"direction\":\"inbound\","
            + "\"verdict\":\"onDemand\","
            + "\"retentionDays\":30,\"purpose\":\"quality\"}]}";
        var drafted = await PutAsync(host, rule);
        Assert.Equal(HttpStatusCode.Accepted, drafted.StatusCode);
        await host.Policy.Received(1).DraftAsync(
            Arg.Is<PolicyDocument>(d => d.Rules.Count == 1 && d.Rules[0].Verdict == VerdictKind.OnDemand
                && d.Rules[0].Direction == CallDirection.Inbound && d.Rules[0].RetentionDays == 30),
            "administrator");
        var history = await host.Client.GetStringAsync("/api/v1/policies/default");
        Assert.Contains("\"activeVersion\":1", history, StringComparison.Ordinal);
        var active = await host.Client.PostAsync("/api/v1/policies/default/versions/2/activate", null);
        Assert.Equal(HttpStatusCode.OK, active.StatusCode);
        var zero = await host.Client.PostAsync("/api/v1/policies/default/versions/0/activate", null);
        Assert.Equal(HttpStatusCode.BadRequest, zero.StatusCode);
    }

    [Theory]
    [InlineData("[]", "rules")]
    [InlineData("{\"rules\":[]}", "1 to 10000")]
    [InlineData("{\"rules\":[1]}", "rules[0]")]
    [InlineData("{\"rules\":[{\"colour\":\"red\"}]}", "rules[0].colour")]
    [InlineData("{\"rules\":[{\"name\":\"a\"}]}", "rules[0].verdict")]
    [InlineData("{\"rules\":[{\"verdict\":\"maybe\"}]}", "maybe")]
    [InlineData("{\"rules\":[{\"retentionDays\":0}]}", "retentionDays")]
    [InlineData("{\"rules\":[{\"direction\":\"up\"}]}", "rules[0].direction")]
    [InlineData("{\"rules\":[],\"extra\":1}", "extra")]
    [InlineData("{\"rules\":1,\"rules\":2}", "not JSON")]
    [InlineData("{", "not JSON")]
    public async Task Policy_body_faulty_is_400_and_names_the_fault(string body, string named)
    {
        await using var host = await ApiHost.StartAsync();
        var response = await PutAsync(host, body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(named, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(host.Policy.ReceivedCalls());
    }

    private static async Task<HttpResponseMessage> PutAsync(ApiHost host, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await host.Client.PutAsync("/api/v1/policies/default", content);
    }
}
