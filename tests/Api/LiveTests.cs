using System.Net;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;

namespace Talreg.Api.Tests;

public sealed class LiveTests
{
    private const string Live = $"/api/v1/calls/{Samples.Id}/live";

    [Fact]
    public async Task Live_streams_what_comes_after_the_listen_is_in_the_ledger()
    {
        await using var host = await ApiHost.StartAsync();
        host.Live.Listen = new FakeListen(() =>
            Assert.Single(host.Ledger.ReceivedCalls(), call => call.GetArguments() is [LedgerEvent leaf]
                && leaf.Kind == LedgerEventKind.Listen
                && System.Text.Encoding.UTF8.GetString(leaf.Body).Contains(
                    "\"what\":\"live\"", StringComparison.Ordinal)));
        using var response = await host.Client.GetAsync(
            Live, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("audio/wav", response.Content.Headers.ContentType!.MediaType);
        Assert.Null(response.Content.Headers.ContentLength);
        Assert.Equal(
            "live audio", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(host.Live.Listen.Disposed);
    }

    [Fact]
    public async Task Live_without_a_leaf_sends_no_byte_and_closes_the_tap()
    {
        await using var host = await ApiHost.StartAsync();
        host.Live.Listen = new FakeListen(() => Assert.Fail("No byte may be written."));
        host.Ledger.AppendAsync(Arg.Any<LedgerEvent>())
            .ThrowsAsync(new RefusalException(RefusalKind.Unavailable, "full"));
        using var response = await host.Client.GetAsync(Live, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.True(host.Live.Listen.Disposed);
    }

    [Fact]
    public async Task Live_of_a_call_that_is_over_is_409_and_of_too_many_listeners_503_and_neither_is_a_listen()
    {
        await using var host = await ApiHost.StartAsync();
        using var over = await host.Client.GetAsync(Live, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Conflict, over.StatusCode);
        host.Live.Refusal = new LiveUnavailableException("At most 4 listen.", new InvalidOperationException("4"));
        using var full = await host.Client.GetAsync(Live, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, full.StatusCode);
        Assert.Empty(host.Ledger.ReceivedCalls());
    }
}

/// <summary>A live call, or none, or a refusal.</summary>
internal sealed class FakeLive : ILiveMedia
{
    public FakeListen? Listen { get; set; }

    public LiveUnavailableException? Refusal { get; set; }

    public ValueTask<ILiveListen?> OpenAsync(CallDocument call, CancellationToken cancellationToken) =>
        Refusal is { } refusal ? throw refusal : ValueTask.FromResult<ILiveListen?>(Listen);
}

/// <summary>Writes ten bytes, after a look at what must have happened before.</summary>
internal sealed class FakeListen(Action before) : ILiveListen
{
    public bool Disposed { get; private set; }

    public async Task CopyToAsync(Stream destination, CancellationToken cancellationToken)
    {
        before();
        await destination.WriteAsync("live audio"u8.ToArray(), cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}
