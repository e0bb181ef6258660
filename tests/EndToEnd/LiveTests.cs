using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Silo.Demo;

namespace Talreg.EndToEnd.Tests;

/// <summary>A supervisor listens in to a real call, and what the ledger and the recording say of it afterwards.</summary>
public sealed class LiveTests
{
    private const int SecondBytes = 8000 * 4;

    [Fact]
    public async Task Listen_in_is_heard_while_the_call_lasts_is_a_leaf_and_costs_the_recording_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var recorder = await Recorder.StartAsync();
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(10),
        });
        var live = await recorder.LiveAsync();
        using var response = await recorder.Http.GetAsync(
            new Uri($"api/v1/calls/{live.Id}/live?purpose=coaching", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        var heard = new byte[44 + SecondBytes];
        await stream.ReadExactlyAsync(heard, cancel);
        Assert.False(placing.IsCompleted, "A second must be heard before the call is over.");
        Assert.Equal("RIFF", Encoding.ASCII.GetString(heard, 0, 4));
        Assert.True(
            heard.AsSpan(44).ContainsAnyExcept((byte)0), "A second of a call with voices was silent.");

        var ledger = recorder.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default");
        var leaf = Assert.Single(
            await ledger.ReadAsync(0), record => record.Kind == LedgerEventKind.Listen);
        Assert.Contains("\"purpose\":\"coaching\"", Encoding.UTF8.GetString(leaf.Body), StringComparison.Ordinal);
        Assert.Contains("\"what\":\"live\"", Encoding.UTF8.GetString(leaf.Body), StringComparison.Ordinal);

        // The stream ends by itself with the call.
        await stream.CopyToAsync(Stream.Null, cancel);
        var placed = await placing;
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(
            placed.Legs.Select(leg => (long)leg.PacketsSent), call.Takes[0].Streams.Select(one => one.Packets));
        using var over = await recorder.Http.GetAsync(
            new Uri($"api/v1/calls/{call.Id}/live", UriKind.Relative), cancel);
        Assert.Equal(HttpStatusCode.Conflict, over.StatusCode);
    }
}
