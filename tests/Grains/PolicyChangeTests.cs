using System.Text.Json.Nodes;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;
using Talreg.Grains.Policies;
using Talreg.TestKit;

namespace Talreg.Grains.Tests;

/// <summary>A draft's way into force: simulated, approved by a second person, in force from a moment on.</summary>
public sealed class PolicyChangeTests(RecorderCluster cluster) : IClassFixture<RecorderCluster>
{
    private static readonly DateTimeOffset Past = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset Future = DateTimeOffset.UnixEpoch.AddYears(200);

    [Fact]
    public async Task Change_after_the_first_needs_a_simulation_and_another_person()
    {
        var policy = Policy("eyes");
        await policy.ActivateAsync((await policy.DraftAsync(Text("first"), "ann")).Version, "ann");
        var draft = await policy.DraftAsync(Text("second"), "ann");
        var refused = await RefusedAsync(RefusalKind.Forbidden, policy.ActivateAsync(draft.Version, "ann"));
        Assert.Contains("drafted by ann", refused, StringComparison.Ordinal);
        refused = await RefusedAsync(RefusalKind.WrongState, policy.ApproveAsync(draft.Version, "bea"));
        Assert.Contains("not simulated", refused, StringComparison.Ordinal);
        await SimulateAsync("eyes", draft.Version);
        refused = await RefusedAsync(RefusalKind.Forbidden, policy.ApproveAsync(draft.Version, "ann"));
        Assert.Contains("another than ann", refused, StringComparison.Ordinal);
        Assert.Equal("bea", (await policy.ApproveAsync(draft.Version, "bea")).ApprovedBy);
        await policy.ActivateAsync(draft.Version, "ann");
        Assert.Equal(draft.Version, await policy.GetActiveNumberAsync(TimeSpan.Zero));
        var leaf = (await LeavesAsync("eyes"))[^1];
        Assert.Equal("activated", leaf["change"]!.GetValue<string>());
        Assert.Equal("ann", leaf["draftedBy"]!.GetValue<string>());
        Assert.Equal("bea", leaf["approvedBy"]!.GetValue<string>());
    }

    [Fact]
    public async Task Version_that_was_in_force_before_is_approved_anew_and_by_another_than_puts_it_in_force()
    {
        var policy = Policy("again");
        await policy.ActivateAsync((await policy.DraftAsync(Text("first"), "ann")).Version, "ann");
        await SimulateAsync("again", 1);
        await RefusedAsync(RefusalKind.Forbidden, policy.ActivateAsync(1, "bea"));
        await policy.ApproveAsync(1, "bea");
        var refused = await RefusedAsync(RefusalKind.Forbidden, policy.ActivateAsync(1, "bea"));
        Assert.Contains("another than bea", refused, StringComparison.Ordinal);
        await policy.ActivateAsync(1, "ann");
        Assert.Equal(1, await policy.GetActiveNumberAsync(TimeSpan.Zero));
        Assert.Equal([2, 1], (await policy.GetAsync())!.Activations.Select(static one => one.Version));
    }

    [Fact]
    public async Task Version_is_in_force_from_its_moment_on_and_can_be_withdrawn_before()
    {
        var policy = Policy("later");
        var draft = await policy.DraftAsync(Text("later"), "ann");
        await RefusedAsync(
            RefusalKind.Invalid, policy.ActivateAsync(draft.Version, "ann", cluster.Clock.GetUtcNow().AddSeconds(-5)));
        var at = cluster.Clock.GetUtcNow().AddDays(1);
        await policy.ActivateAsync(draft.Version, "ann", at);
        Assert.Equal(1, await policy.GetActiveNumberAsync(TimeSpan.Zero));
        Assert.Equal(at, (await policy.GetVersionAsync(draft.Version))!.ActivatedAt);
        Assert.Null((await policy.WithdrawAsync(draft.Version, "ann")).ActivatedAt);
        await policy.ActivateAsync(draft.Version, "ann", at);
        cluster.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(draft.Version, await policy.GetActiveNumberAsync(TimeSpan.Zero));
        Assert.Equal("later", (await AdmitAsync("later", "after")).Rule);
        await RefusedAsync(RefusalKind.WrongState, policy.WithdrawAsync(draft.Version, "ann"));
        Assert.Equal(
            ["drafted", "activated", "withdrawn", "activated"],
            (await LeavesAsync("later")).Select(static leaf => leaf["change"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Versions_and_their_texts_outlive_the_grain()
    {
        var policy = Policy("kept");
        for (var n = 0; n < RetentionPolicyGrain.MaxTextsInHistory + 2; n++)
        {
            await policy.DraftAsync(Text($"rule-{n}"), "ann");
        }

        await cluster.DeactivateAsync();
        Assert.Equal("rule-0", (await policy.GetVersionAsync(2))!.Document!.Rules[0].Name);
        Assert.Null(await policy.GetVersionAsync(99));
        var history = (await policy.GetAsync())!;
        Assert.Equal(RetentionPolicyGrain.MaxTextsInHistory + 3, history.Versions.Count);
        Assert.NotNull(history.Versions[^1].Document);
        Assert.Null(history.Versions[1].Document);
    }

    [Fact]
    public async Task Simulation_counts_calls_that_would_have_been_decided_otherwise_and_lists_them_by_page()
    {
        for (var n = 0; n < 1_100; n++)
        {
            await AdmitAsync("tried", $"s{n}", n % 4 == 0 ? "+4690510" : "100");
        }

        var policy = Policy("tried");
        var draft = await policy.DraftAsync(
            Text("rest") with
            {
                Rules =
                [
                    new PolicyRule
                    {
                        Name = "protected", Duty = PolicyDuty.MustNotRecord, Verdict = VerdictKind.Never,
                        RetentionDays = 1, Purpose = "p", Party = new PartyCondition { Prefix = "+46905" },
                    },
                    new PolicyRule
                    {
                        Name = "mifid", Duty = PolicyDuty.MustRecord, Verdict = VerdictKind.Record,
                        RetentionDays = 1826, Purpose = "p", Interface = "sip1",
                    },
                    .. Text("rest").Rules,
                ],
            },
            "ann");
        var simulation = await SimulateAsync("tried", draft.Version, offset: 200, limit: 50);
        Assert.Equal((1_100L, 275L, 275), (simulation.Calls, simulation.Changed, simulation.Listed));
        Assert.Equal((50, 250), (simulation.Items.Count, simulation.Next));
        Assert.Equal(0, simulation.DirectionUnknown);
        var call = simulation.Items[0];
        Assert.Equal((VerdictKind.Record, "all"), (call.Decided.Kind, call.Decided.Rule));
        Assert.Equal((VerdictKind.Never, "protected"), (call.Simulated.Kind, call.Simulated.Rule));
        Assert.Equal("mifid", call.Simulated.Conflict!.Rule);
        var kept = (await policy.GetVersionAsync(draft.Version))!.Simulation!;
        Assert.Equal(("carl", 1_100L, 275L), (kept.By, kept.Calls, kept.Changed));
        Assert.Equal(275, (await LeavesAsync("tried"))[^1]["changed"]!.GetValue<int>());
    }

    [Fact]
    public async Task Simulation_of_no_version_or_of_no_time_is_refused()
    {
        await RefusedAsync(RefusalKind.NotFound, Simulation("none", 9).StartAsync(Past, Future, "carl"));
        await RefusedAsync(RefusalKind.Invalid, Simulation("none", 1).StartAsync(Future, Past, "carl"));
        Assert.Null(await Simulation("none", 1).GetAsync(0, 1));
    }

    [Fact]
    public void State_of_an_earlier_program_is_in_force_as_it_was()
    {
        var state = new RetentionPolicyState { Active = 2 };
        Assert.Equal(2, state.ActiveAt(Past));
        state.Activations.Add(new PolicyActivation(3, Past.AddDays(2), "ann", Past, null));
        state.Activations.Add(new PolicyActivation(1, Past.AddDays(1), "ann", Past, null));
        Assert.Equal([2, 1, 3], new[] { 0.5, 1.5, 2.5 }.Select(days => state.ActiveAt(Past.AddDays(days))));
    }

    private static PolicyDocument Text(string rule) => new(
        [new PolicyRule { Name = rule, Verdict = VerdictKind.Record, RetentionDays = 1826, Purpose = "test" }]);

    private static async Task<string> RefusedAsync(RefusalKind kind, Task doing)
    {
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => doing);
        Assert.Equal(kind, refusal.Kind);
        return refusal.Message;
    }

    private IRetentionPolicyGrain Policy(string tenant) =>
        cluster.Client.GetGrain<IRetentionPolicyGrain>($"{tenant}/default");

    private IPolicySimulationGrain Simulation(string tenant, int version) =>
        cluster.Client.GetGrain<IPolicySimulationGrain>($"{tenant}/default/{version}");

    private async Task<PolicySimulation> SimulateAsync(string tenant, int version, int offset = 0, int limit = 0)
    {
        var grain = Simulation(tenant, version);
        await grain.StartAsync(Past, Future, "carl");
        PolicySimulation? simulation = null;
        await Wait.UntilAsync(
            async () => (simulation = await grain.GetAsync(offset, limit))!.State == SimulationState.Complete,
            $"the simulation of version {version} of {tenant} to be complete",
            TimeSpan.FromSeconds(30));
        return simulation!;
    }

    private async Task<Verdict> AdmitAsync(string tenant, string session, string calling = "100")
    {
        var offer = RecorderCluster.Offer(tenant, "100", session);
        var admission = await cluster.Client.GetGrain<IChannelGrain>(Names.Channel(tenant, "sip1", "100")).AdmitAsync(
            offer with
            {
                Calling = calling,
                Participants = [new Participant { Id = "p1", Aor = $"sip:{calling}@example.com" }],
            });
        return admission.Verdict;
    }

    private async Task<List<JsonNode>> LeavesAsync(string tenant)
    {
        var ledger = cluster.Client.GetGrain<ILedgerGrain>(tenant);
        var leaves = new List<JsonNode>();
        for (IReadOnlyList<LedgerRecord> page; (page = await ledger.ReadAsync(leaves.Count)).Count > 0;)
        {
            leaves.AddRange(page.Select(static leaf => JsonNode.Parse(leaf.Body)!));
        }

        return leaves;
    }
}
