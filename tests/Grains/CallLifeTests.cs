using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;

namespace Talreg.Grains.Tests;

public sealed class CallLifeTests(RecorderCluster cluster) : IClassFixture<RecorderCluster>
{
    private static readonly DateTimeOffset Ended = DateTimeOffset.UnixEpoch.AddYears(51);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Seal_whose_row_was_not_written_is_in_the_index_when_told_again(bool elsewhere)
    {
        var tenant = elsewhere ? "row-elsewhere" : "row";
        await RegisterAsync(tenant);
        var (grain, admission, take) = await StartAsync(tenant);
        var done = new TakeSealed(
            take with { Sealed = true }, Ended, EndReason.Bye, [], new LedgerReceipt(3, 4), admission.Admitted);
        cluster.Index.Failing[tenant] = true;
        await Assert.ThrowsAsync<IOException>(() => grain.TakeSealedAsync(done));
        Assert.Equal(CallState.Active, cluster.Index.Calls[admission.Call].State);
        if (elsewhere)
        {
            await cluster.DeactivateAsync();
            await RegisterAsync(tenant);
        }

        await grain.TakeSealedAsync(done);
        Assert.Equal(CallState.Sealed, cluster.Index.Calls[admission.Call].State);
        Assert.Empty((await Channel(tenant).GetAsync())!.ActiveCalls);
    }

    [Fact]
    public async Task Failure_whose_row_was_not_written_ends_the_call_for_its_channel_when_told_again()
    {
        const string tenant = "row-failed";
        var admission = await Channel(tenant).AdmitAsync(RecorderCluster.Offer(tenant, "100", "s1"));
        var grain = cluster.Client.GetGrain<ICallGrain>(admission.Call.Value);
        var failed = new CallFailed(admission.Admitted, Ended, EndReason.Rejected, "no port", "gw1", "sip-1");
        cluster.Index.Failing[tenant] = true;
        await Assert.ThrowsAsync<IOException>(() => grain.FailedAsync(failed));
        Assert.Equal(admission.Call, Assert.Single((await Channel(tenant).GetAsync())!.ActiveCalls));

        await grain.FailedAsync(failed);
        Assert.Equal(CallState.Failed, cluster.Index.Calls[admission.Call].State);
        Assert.Empty((await Channel(tenant).GetAsync())!.ActiveCalls);
    }

    [Fact]
    public async Task Policy_default_is_in_force_and_a_draft_becomes_so_when_activated()
    {
        var grain = cluster.Client.GetGrain<IRetentionPolicyGrain>("policies/default");
        Assert.Equal(1, (await grain.GetActiveAsync())!.Version);
        var draft = await grain.DraftAsync(Policy(VerdictKind.Never), "ann");
        Assert.Equal((2, null), (draft.Version, draft.ActivatedBy));
        Assert.Equal(1, (await grain.GetActiveAsync())!.Version);
        Assert.Equal("bob", (await grain.ActivateAsync(2, "bob")).ActivatedBy);
        await cluster.DeactivateAsync();
        Assert.Equal(2, (await grain.GetActiveAsync())!.Version);
        var ledger = cluster.Client.GetGrain<ILedgerGrain>("policies");
        Assert.Contains("drafted", Body(await ledger.ProveAsync(0)), StringComparison.Ordinal);
        Assert.Contains("activated", Body(await ledger.ProveAsync(1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_invalid_document_or_unknown_version_is_refused()
    {
        var grain = cluster.Client.GetGrain<IRetentionPolicyGrain>("faulty/default");
        var rule = new PolicyRule { Name = "", Verdict = VerdictKind.Record, RetentionDays = -1, Purpose = "test" };
        var refusal = await Assert.ThrowsAsync<RefusalException>(
            () => grain.DraftAsync(new PolicyDocument([rule]), "ann"));
        Assert.Equal(RefusalKind.Invalid, refusal.Kind);
        Assert.Contains("ame", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("etention", refusal.Message, StringComparison.Ordinal);
        refusal = await Assert.ThrowsAsync<RefusalException>(() => grain.ActivateAsync(2, "ann"));
        Assert.Equal(RefusalKind.NotFound, refusal.Kind);
    }

    [Fact]
    public async Task Admit_the_same_session_twice_gives_the_same_admission()
    {
        var channel = Channel("twice");
        var offer = RecorderCluster.Offer("twice", "100", "s1");
        var first = await channel.AdmitAsync(offer);
        var second = await channel.AdmitAsync(offer with { Proposed = CallId.New(Ended) });
        Assert.Equal(VerdictKind.Record, first.Verdict.Kind);
        Assert.NotEmpty(first.Verdict.Reason);
        Assert.Equal(first.Call, second.Call);
        Assert.Equal(first.Verdict, second.Verdict);
        var document = await channel.GetAsync();
        Assert.Equal(1, document!.CallsAdmitted);
        Assert.Equal([first.Call], document.ActiveCalls);
    }

    [Fact]
    public async Task Admit_256_later_calls_that_ended_does_not_forget_a_live_one()
    {
        var channel = Channel("long");
        var live = (await channel.AdmitAsync(RecorderCluster.Offer("long", "100", "live"))).Call;
        for (var i = 0; i < 260; i++)
        {
            var call = (await channel.AdmitAsync(RecorderCluster.Offer("long", "100", $"short-{i}"))).Call;
            await channel.EndedAsync(call, Ended);
        }

        Assert.Equal([live], (await channel.GetAsync())!.ActiveCalls);
    }

    [Fact]
    public async Task Never_leaves_a_decision_in_the_ledger_and_no_take()
    {
        await FollowAsync("never", VerdictKind.Never);
        var admission = await Channel("never").AdmitAsync(RecorderCluster.Offer("never", "100", "s1"));
        Assert.Equal(VerdictKind.Never, admission.Verdict.Kind);
        var call = await cluster.Client.GetGrain<ICallGrain>(admission.Call.Value).GetAsync();
        Assert.Equal(CallState.NotRecorded, call!.State);
        var proof = await cluster.Client.GetGrain<ILedgerGrain>("never").ProveAsync(call.Evidence!.Leaf);
        Assert.Contains(admission.Call.ToString(), Body(proof), StringComparison.Ordinal);
        Assert.Equal(CallState.NotRecorded, cluster.Index.Calls[admission.Call].State);
    }

    [Fact]
    public async Task Call_goes_from_admission_over_commands_to_its_seal()
    {
        await FollowAsync("life", VerdictKind.OnDemand);
        var gateway = await RegisterAsync("life");
        var (grain, admission, take) = await StartAsync("life");
        await grain.TakeStartedAsync(new TakeStarted(take, Ended));
        Assert.Single((await grain.GetAsync())!.Takes);
        var call = await grain.CommandAsync(CallCommand.Start, "ann", null);
        Assert.Equal("start by ann", call.Verdicts[^1].Reason);
        Assert.Equal((TimelineChange.RecordingStarted, "ann"), (call.Timeline[^1].Change, call.Timeline[^1].Actor));
        Assert.Empty(call.Flags);
        Assert.Equal(TakeDesire.Record, Assert.Single(gateway.Orders).Desire);
        var done = new TakeSealed(
            take with { Sealed = true }, Ended, EndReason.Bye, [], new LedgerReceipt(3, 4), admission.Admitted);
        await grain.TakeSealedAsync(done);
        await grain.TakeSealedAsync(done);
        call = (await grain.GetAsync())!;
        Assert.Equal((CallState.Sealed, EndReason.Bye), (call.State, call.EndReason));
        Assert.Equal(CallState.Sealed, cluster.Index.Calls[call.Id].State);
        Assert.Empty(await cluster.Client.GetGrain<IGatewayGrain>("life/gw1").PullAsync());
        Assert.Empty((await Channel("life").GetAsync())!.ActiveCalls);
        var refusal = await Assert.ThrowsAsync<RefusalException>(
            () => grain.CommandAsync(CallCommand.Pause, "ann", null));
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        GC.KeepAlive(gateway);
    }

    [Fact]
    public async Task Command_of_digits_reaches_every_take_and_those_that_come_later()
    {
        var gateway = await RegisterAsync("card");
        var (grain, admission, take) = await StartAsync("card");
        Assert.False(admission.DigitsSuppressed);
        var call = await grain.CommandAsync(CallCommand.SuppressDigits, "ann", "card number");
        Assert.Equal("card number", call.Timeline[^1].Reason);
        var order = Assert.Single(gateway.Orders);
        Assert.Equal((take.Id, TakeDesire.AsAdmitted, true), (order.Take, order.Desire, order.DigitsSuppressed));

        // A second session of the call is admitted without digits, and its take is told all the same.
        Assert.True((await Channel("card").AdmitAsync(RecorderCluster.Offer("card", "100", "s1"))).DigitsSuppressed);
        var second = take with { Id = TakeId.New(Ended) };
        await grain.TakeStartedAsync(new TakeStarted(second, Ended));
        Assert.Equal((second.Id, true), (gateway.Orders.Last().Take, gateway.Orders.Last().DigitsSuppressed));

        // A pause meanwhile leaves them suppressed.
        await grain.CommandAsync(CallCommand.Pause, "ann", null);
        Assert.Equal((TakeDesire.Pause, true), (gateway.Orders.Last().Desire, gateway.Orders.Last().DigitsSuppressed));
        await grain.CommandAsync(CallCommand.AllowDigits, "ann", null);
        Assert.All(gateway.Orders.TakeLast(2), last =>
            Assert.Equal((TakeDesire.Pause, false), (last.Desire, last.DigitsSuppressed)));
        GC.KeepAlive(gateway);
    }

    [Fact]
    public async Task Admission_under_a_rule_that_suppresses_digits_says_so_until_a_command_allows_them()
    {
        await FollowAsync("pci", VerdictKind.Record, DigitHandling.Suppress);
        var gateway = await RegisterAsync("pci");
        var (grain, admission, _) = await StartAsync("pci");
        Assert.True(admission.DigitsSuppressed);
        Assert.Equal(DigitHandling.Suppress, admission.Verdict.Digits);
        await grain.CommandAsync(CallCommand.AllowDigits, "ann", null);
        Assert.False(Assert.Single(gateway.Orders).DigitsSuppressed);
        Assert.False((await Channel("pci").AdmitAsync(RecorderCluster.Offer("pci", "100", "s1"))).DigitsSuppressed);
        GC.KeepAlive(gateway);
    }

    [Fact]
    public async Task Command_that_no_gateway_confirms_flags_the_call()
    {
        var gateway = await RegisterAsync("mute");
        gateway.Answers = false;
        var (grain, _, _) = await StartAsync("mute");
        var call = await grain.CommandAsync(CallCommand.Pause, "ann", null);
        Assert.Equal([CallFlags.CommandUnconfirmed], call.Flags);
        var refusal = await Assert.ThrowsAsync<RefusalException>(
            () => grain.CommandAsync(CallCommand.Stop, "ann", null));
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        GC.KeepAlive(gateway);
    }

    [Fact]
    public async Task Command_on_an_unknown_call_is_refused()
    {
        var grain = cluster.Client.GetGrain<ICallGrain>(Guid.NewGuid());
        Assert.Null(await grain.GetAsync());
        var refusal = await Assert.ThrowsAsync<RefusalException>(
            () => grain.CommandAsync(CallCommand.Pause, "ann", null));
        Assert.Equal(RefusalKind.NotFound, refusal.Kind);
    }

    private static string Body(LedgerProof proof) => System.Text.Encoding.UTF8.GetString(proof.Body);

    private static PolicyDocument Policy(VerdictKind kind, DigitHandling digits = DigitHandling.Store) => new(
        [new PolicyRule { Name = "every", Verdict = kind, RetentionDays = 10, Purpose = "test", Digits = digits }]);

    private IChannelGrain Channel(string tenant) =>
        cluster.Client.GetGrain<IChannelGrain>(Names.Channel(tenant, "sip1", "100"));

    private async Task FollowAsync(string tenant, VerdictKind kind, DigitHandling digits = DigitHandling.Store)
    {
        var policy = cluster.Client.GetGrain<IRetentionPolicyGrain>($"{tenant}/default");
        var draft = await policy.DraftAsync(Policy(kind, digits), "ann");
        await policy.ActivateAsync(draft.Version, "ann");
    }

    private async Task<FakeGateway> RegisterAsync(string tenant)
    {
        var gateway = new FakeGateway();
        await cluster.Client.GetGrain<IGatewayGrain>($"{tenant}/gw1")
            .RegisterAsync(cluster.Client.CreateObjectReference<IGatewayObserver>(gateway));
        return gateway;
    }

    private async Task<(ICallGrain Grain, Admission Admission, TakeDocument Take)> StartAsync(string tenant)
    {
        var admission = await Channel(tenant).AdmitAsync(RecorderCluster.Offer(tenant, "100", "s1"));
        var grain = cluster.Client.GetGrain<ICallGrain>(admission.Call.Value);
        var take = new TakeDocument { Id = TakeId.New(Ended), Gateway = "gw1", Epoch = 1, Streams = [] };
        await grain.TakeStartedAsync(new TakeStarted(take, Ended));
        return (grain, admission, take);
    }
}
