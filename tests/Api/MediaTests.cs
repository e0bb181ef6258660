using System.Net;
using System.Net.Http.Json;
using NSubstitute;
using Talreg.Api.Recordings;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;

namespace Talreg.Api.Tests;

/// <summary>Keys pressed: content, shown after the listen is in the ledger, masked where they are to be.</summary>
public sealed class MediaTests
{
    private const string Address = $"/api/v1/calls/{Samples.Id}/media";

    [Theory]
    [InlineData("", DigitHandling.Store, "7", false)]
    [InlineData("?digits=masked", DigitHandling.Store, "x", true)]
    [InlineData("", DigitHandling.Mask, "x", true)]
    public async Task Media_shows_digits_or_that_there_were_some(
        string query, DigitHandling digits, string shown, bool masked)
    {
        await using var host = await HostAsync(digits);
        var report = await host.Client.GetFromJsonAsync<MediaReport>(Address + query, TalregJson.Options);
        Assert.Equal(masked, report!.DigitsMasked);
        var digit = Assert.Single(report.Takes[0].Streams[0].Digits);
        Assert.Equal(new DigitPressed(Samples.Call.StartedAt, shown, 100, true), digit);
        await host.Ledger.Received(1).AppendAsync(Arg.Is<LedgerEvent>(entry => entry.Kind == LedgerEventKind.Listen));
    }

    [Fact]
    public async Task Media_of_a_call_of_which_nothing_is_here_is_404_and_no_listen()
    {
        await using var host = await HostAsync(DigitHandling.Store);
        host.Media.Empty = true;
        var response = await host.Client.GetAsync(Address);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        await host.Ledger.DidNotReceiveWithAnyArgs().AppendAsync(default!);
    }

    [Fact]
    public async Task Media_with_a_wish_nobody_knows_is_400()
    {
        await using var host = await HostAsync(DigitHandling.Store);
        var response = await host.Client.GetAsync(Address + "?digits=all");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public void Pauses_are_from_the_first_suppression_to_what_allows_again()
    {
        var at = Samples.Call.StartedAt;
        TimelineEntry Entry(int seconds, TimelineChange change, string actor) =>
            new(at.AddSeconds(seconds), "", change, "") { Actor = actor, Reason = "card" };
        var call = Samples.Call with
        {
            Timeline =
            [
                Entry(0, TimelineChange.DigitsAllowed, "ann"),
                Entry(1, TimelineChange.DigitsSuppressed, "rule pci"),
                Entry(2, TimelineChange.DigitsSuppressed, "ann"),
                Entry(3, TimelineChange.DigitsAllowed, "ann"),
                Entry(4, TimelineChange.DigitsSuppressed, "bob"),
            ],
        };
        Assert.Equal(
            [
                new DigitPause(at.AddSeconds(1), at.AddSeconds(3), "rule pci", "card"),
                new DigitPause(at.AddSeconds(4), null, "bob", "card"),
            ],
            MediaEndpoints.Pauses(call));
    }

    private static async Task<ApiHost> HostAsync(DigitHandling digits)
    {
        var host = await ApiHost.StartAsync();
        host.Call.GetAsync().Returns(Samples.Call with
        {
            Verdicts = [Samples.Call.Verdicts[0] with { Digits = digits }],
        });
        host.Media.Takes.Add(new TakeMedia(Samples.Call.Takes[0].Id,
        [
            new StreamMedia
            {
                Index = 0, Label = "1", LengthMs = 5000, SilenceMs = 1000, SenderClock = true, Notes = [],
                Digits = [new DigitPressed(Samples.Call.StartedAt, "7", 100, true)],
            },
        ]));
        return host;
    }
}
