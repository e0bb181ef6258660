using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using Orleans;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Gateway.Overload;
using Talreg.Sip;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

public sealed class RefusedCallsTests
{
    private readonly IGrainFactory _grains = Substitute.For<IGrainFactory>();
    private readonly ILedgerGrain _ledger = Substitute.For<ILedgerGrain>();
    private readonly List<LedgerEvent> _leaves = [];

    public RefusedCallsTests()
    {
        _grains.GetGrain<ILedgerGrain>("default").Returns(_ledger);
        _ledger.AppendAsync(Arg.Do<LedgerEvent>(leaf =>
        {
            lock (_leaves)
            {
                _leaves.Add(leaf);
            }
        })).Returns(new LedgerReceipt(1, 1));
    }

    [Fact]
    public async Task Every_refused_invite_is_a_gap_leaf_and_other_refusals_are_none()
    {
        await using var refused = New();
        refused.Start();
        refused.Note(Refusal(503, "INVITE", "a@sbc"));
        refused.Note(Refusal(400, "INVITE", "b@sbc"));
        refused.Note(Refusal(503, "OPTIONS", "c@sbc"));
        refused.Note(Refusal(503, "INVITE", "d@sbc"));
        await refused.DrainAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(2, refused.Total);
        Assert.All(_leaves, leaf => Assert.Equal(LedgerEventKind.Gap, leaf.Kind));
        Assert.Equal(["a@sbc", "d@sbc"], _leaves.Select(leaf => Body(leaf)["sipCallId"]!.GetValue<string>()).Order());
        Assert.All(_leaves, leaf => Assert.Equal("refused", Body(leaf)["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Flood_beyond_the_queue_is_written_as_a_number_and_none_is_forgotten()
    {
        await using var refused = New();
        const int Invites = RefusedCalls.MaxWaiting + 1000;
        for (var i = 0; i < Invites; i++)
        {
            refused.Note(Refusal(503, "INVITE", $"{i}@sbc"));
        }

        refused.Start();
        await refused.DrainAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(Invites, refused.Total);
        Assert.Equal(Invites, _leaves.Sum(leaf => Body(leaf)["invites"]!.GetValue<long>()));
        Assert.True(_leaves.Count <= RefusedCalls.MaxWaiting + 1);
    }

    [Fact]
    public async Task Ledger_that_does_not_answer_is_asked_again_under_the_same_key()
    {
        var keys = new List<string>();
        _ledger.AppendAsync(Arg.Do<LedgerEvent>(leaf => keys.Add(leaf.Key)))
            .ThrowsAsync(new TimeoutException("silent"));
        await using var refused = New();
        refused.Start();
        refused.Note(Refusal(503, "INVITE", "a@sbc"));
        await Wait.UntilAsync(() => keys.Count >= 2, "the leaf to be tried twice");
        Assert.Single(keys.Distinct());
    }

    private static JsonNode Body(LedgerEvent leaf) => JsonNode.Parse(leaf.Body)!;

    private static SipRefusal Refusal(int status, string method, string callId) => new(
        new IPEndPoint(IPAddress.Loopback, 5060),
        SipTransportKind.Udp,
        SipRefusalReason.NotAccepting,
        status,
        "busy",
        method,
        callId);

    private RefusedCalls New() => new(
        new GatewayOptions
        {
            Tenant = "default",
            Site = "here",
            Gateway = "gw1",
            Interface = "sip1",
            Sip = new IPEndPoint(IPAddress.Loopback, 0),
        },
        _grains,
        TimeProvider.System,
        NullLogger<RefusedCalls>.Instance);
}
