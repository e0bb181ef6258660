using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NSubstitute;
using Talreg.Api.Access;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Tests;

public sealed class AccessTests
{
    private static readonly string[] OpenPaths =
        ["/", "/health/live", "/icon.svg", "/page.css", "/page.js", "/session"];
    private const string Evil = "http://evil.example";
    private static readonly string[] LoopbackPaths = ["/health/ready", "/metrics"];

    [Fact]
    public async Task Endpoints_all_have_a_rule_and_only_the_named_ones_are_open()
    {
        await using var host = await ApiHost.StartAsync();
        var seen = new List<string>();
        foreach (var endpoint in Endpoints(host))
        {
            var path = endpoint.RoutePattern.RawText!;
            var rule = endpoint.Metadata.GetMetadata<AccessRequirement>();
            Assert.True(rule is not null, $"'{path}' has no rule");
            var expected = OpenPaths.Contains(path) ? AccessRule.Open
                : LoopbackPaths.Contains(path) ? AccessRule.LoopbackOrToken
                : path.StartsWith("/ledger/{tenant}/", StringComparison.Ordinal) ? AccessRule.Ledger
                : AccessRule.Token;
            Assert.True(rule.Rule == expected, $"'{path}' is {rule.Rule}, not {expected}");
            seen.Add(path);
        }

        Assert.True(seen.Count >= 20, $"{seen.Count} endpoints");
    }

    [Fact]
    public async Task Every_guarded_endpoint_without_a_token_answers_401()
    {
        await using var host = await ApiHost.StartAsync();
        foreach (var endpoint in Endpoints(host))
        {
            if (endpoint.Metadata.GetMetadata<AccessRequirement>()!.Rule is not (AccessRule.Token or AccessRule.Ledger))
            {
                continue;
            }

            var path = endpoint.RoutePattern.RawText!.Replace("{id}", Samples.Id, StringComparison.Ordinal)
                .Replace("{interface}", "sip", StringComparison.Ordinal)
                .Replace("{line}", "1001", StringComparison.Ordinal)
                .Replace("{version}", "1", StringComparison.Ordinal)
                .Replace("{documentName}", "v1", StringComparison.Ordinal)
                .Replace("{tenant}", "default", StringComparison.Ordinal)
                .Replace("{**path}", "0/000", StringComparison.Ordinal);
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                using var response = await host.Anonymous.SendAsync(request);
                Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}");
                Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
            }
        }

        Assert.Equal(0, host.Media.Opened);
        Assert.Empty(host.Call.ReceivedCalls());
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/api/v1/other")]
    public async Task Unknown_path_needs_a_token_and_is_then_404(string path)
    {
        await using var host = await ApiHost.StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous.GetAsync(path)).StatusCode);
        var found = await host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, found.StatusCode);
        var body = await found.Content.ReadAsStringAsync();
        Assert.Contains("urn:talreg:problem:not-found", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwarded_request_is_not_local()
    {
        await using var host = await ApiHost.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/metrics")).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("X-Forwarded-For", "127.0.0.1");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Too_many_wrong_tokens_block_the_address()
    {
        await using var host = await ApiHost.StartAsync();
        for (var i = 0; i < FailedAttempts.MaxPerWindow; i++)
        {
            using var wrong = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls");
            wrong.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous.SendAsync(wrong)).StatusCode);
        }

        var blocked = await host.Client.GetAsync("/api/v1/calls");
        Assert.Equal(HttpStatusCode.TooManyRequests, blocked.StatusCode);
        Assert.NotNull(blocked.Headers.RetryAfter);
    }

    [Fact]
    public async Task Session_of_the_page_reads_and_is_held_to_its_origin()
    {
        await using var host = await ApiHost.StartAsync();
        host.Call.CommandAsync(CallCommand.Pause, AccessTokens.Administrator, null).Returns(Samples.Call);
        var begun = await host.Anonymous.PostAsJsonAsync("/session", new { token = ApiHost.Token });
        Assert.Equal(HttpStatusCode.NoContent, begun.StatusCode);
        var cookie = begun.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(ApiHost.Token, cookie, StringComparison.Ordinal);
        var pair = cookie.Split(';')[0];
        var own = host.Anonymous.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var call = $"/api/v1/calls/{Samples.Id}";
        var pause = $"/api/v1/calls/{Samples.Id}/pause";

        Assert.Equal(HttpStatusCode.OK, await SendAsync(host, HttpMethod.Get, call, pair, null));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(host, HttpMethod.Post, pause, pair, null));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(host, HttpMethod.Post, pause, pair, Evil));
        await host.Call.DidNotReceive().CommandAsync(Arg.Any<CallCommand>(), Arg.Any<string>(), Arg.Any<string?>());
        Assert.Equal(HttpStatusCode.OK, await SendAsync(host, HttpMethod.Post, pause, pair, own));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(host, HttpMethod.Post, "/session/end", pair, own));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await SendAsync(host, HttpMethod.Get, call, pair, null));
    }

    [Fact]
    public async Task Session_is_not_begun_by_a_wrong_token_nor_by_a_foreign_page()
    {
        await using var host = await ApiHost.StartAsync();
        var wrong = await host.Anonymous.PostAsJsonAsync("/session", new { token = "wrong" });
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.False(wrong.Headers.Contains("Set-Cookie"));
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/session");
        foreign.Content = JsonContent.Create(new { token = ApiHost.Token });
        foreign.Headers.Add("Origin", "http://evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Anonymous.SendAsync(foreign)).StatusCode);
        using var text = new StringContent("{\"token\":\"x\"}", Encoding.UTF8, "text/plain");
        var plain = await host.Anonymous.PostAsync("/session", text);

        // Routing's own answer for a wrong content type has no rule, and what has no rule needs a token.
        Assert.Equal(HttpStatusCode.Unauthorized, plain.StatusCode);
        Assert.False(plain.Headers.Contains("Set-Cookie"));
    }

    private static IEnumerable<RouteEndpoint> Endpoints(ApiHost host) =>
        host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static async Task<HttpStatusCode> SendAsync(
        ApiHost host, HttpMethod method, string path, string cookie, string? origin)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Cookie", cookie);
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var response = await host.Anonymous.SendAsync(request);
        return response.StatusCode;
    }
}
