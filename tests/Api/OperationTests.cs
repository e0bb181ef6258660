using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NSubstitute;

namespace Talreg.Api.Tests;

public sealed class OperationTests
{
    [Fact]
    public async Task OpenApi_lists_every_path_of_the_api()
    {
        await using var host = await ApiHost.StartAsync();
        using var document = JsonDocument.Parse(await host.Client.GetStringAsync("/openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths");
        var endpoints = host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        var expected = endpoints
            .Select(static endpoint => endpoint.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal))
            .Where(static path => path.StartsWith("/api/", StringComparison.Ordinal)
                || path.StartsWith("/ledger/", StringComparison.Ordinal)
                || path.StartsWith("/health/", StringComparison.Ordinal)
                || path.StartsWith("/session", StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        Assert.True(expected.Count >= 16, $"{expected.Count} paths");
        Assert.All(expected, path => Assert.True(paths.TryGetProperty(path, out _), path));
    }

    [Fact]
    public async Task Ledger_gives_checkpoint_and_key_as_text()
    {
        await using var host = await ApiHost.StartAsync();
        host.Ledger.GetCheckpointAsync().Returns("note\n");
        host.Ledger.GetVerifierKeyAsync().Returns("name+1+key");
        Assert.Equal("note\n", await host.Client.GetStringAsync("/ledger/checkpoint"));
        var key = await host.Client.GetAsync("/ledger/key");
        Assert.Equal("text/plain", key.Content.Headers.ContentType!.MediaType);
        Assert.Equal("name+1+key\n", await key.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/page.js", "text/javascript")]
    [InlineData("/page.css", "text/css")]
    [InlineData("/icon.svg", "image/svg+xml")]
    public async Task Page_is_served_under_a_policy_without_inline(string path, string type)
    {
        await using var host = await ApiHost.StartAsync();
        var response = await host.Anonymous.GetAsync(path);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", body, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", body, StringComparison.Ordinal);
    }
}
