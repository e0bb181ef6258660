using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;
using Talreg.Policy;

namespace Talreg.Grains.Policies;

/// <summary>A policy's versions. Every change stands in the tenant's ledger before it is answered.</summary>
/// <remarks>
/// What is in force follows from the clock and from what was said, so a moment that lies ahead needs no timer.
/// </remarks>
public sealed class RetentionPolicyGrain(
    [PersistentState("policy", GrainsOptions.Storage)] IPersistentState<RetentionPolicyState> state,
    GrainsOptions options,
    TimeProvider clock) : Grain, IRetentionPolicyGrain
{
    /// <summary>The most versions one policy may have.</summary>
    public const int MaxVersions = 1_000;

    /// <summary>The most often versions of one policy may be put in force.</summary>
    public const int MaxActivations = 10_000;

    /// <summary>How far ahead a version may be put in force.</summary>
    public static readonly TimeSpan FurthestAhead = TimeSpan.FromDays(366);

    /// <summary>
    /// The newest versions that a history gives with their text, as long as they have at most 10,000 rules together.
    /// </summary>
    public const int MaxTextsInHistory = 16;

    private const string Installer = "talreg";

    private string _tenant = "";
    private string _policy = "";

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_tenant, _policy) = GrainKeys.Split(this.GetPrimaryKeyString());
        if (!state.RecordExists && _policy == Names.DefaultPolicy)
        {
            // In force from the first moment without a write: a recorder that was just installed records everything.
            state.State.Versions.Add(FirstVersion());
            state.State.Active = 1;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task<PolicyHistory?> GetAsync()
    {
        if (state.State.Versions.Count == 0)
        {
            return null;
        }

        var versions = state.State.Versions.Select(Described).ToArray();
        var rules = 0;
        for (var i = versions.Length - 1; i >= Math.Max(0, versions.Length - MaxTextsInHistory); i--)
        {
            var whole = await WithTextAsync(versions[i]);
            rules += whole.Document!.Rules.Count;
            if (rules > PolicyValidator.MaxRules)
            {
                break;
            }

            versions[i] = whole;
        }

        return new PolicyHistory(_policy, state.State.ActiveAt(clock.GetUtcNow()), versions)
        {
            Activations = [.. state.State.Activations],
        };
    }

    /// <inheritdoc />
    public Task<int> GetActiveNumberAsync(TimeSpan ahead) =>
        Task.FromResult(state.State.ActiveAt(clock.GetUtcNow() + ahead));

    /// <inheritdoc />
    public Task<PolicyVersion?> GetActiveAsync() => GetVersionAsync(state.State.ActiveAt(clock.GetUtcNow()));

    /// <inheritdoc />
    public async Task<PolicyVersion?> GetVersionAsync(int version) =>
        version < 1 || version > state.State.Versions.Count ? null : await KnownAsync(version);

    /// <inheritdoc />
    public async Task<PolicyVersion> DraftAsync(PolicyDocument document, string actor)
    {
        var faults = PolicyValidator.Validate(document);
        if (faults.Count > 0)
        {
            throw new RefusalException(
                RefusalKind.Invalid, string.Join(" ", faults.Take(PolicyValidator.MaxFaultsTold)));
        }

        if (!Names.IsValid(_policy))
        {
            throw new RefusalException(
                RefusalKind.Invalid, $"'{_policy}' is not a policy name: 1 to 32 of a-z, 0-9 and hyphen.");
        }

        if (state.State.Versions.Count >= MaxVersions)
        {
            throw new RefusalException(
                RefusalKind.WrongState, $"Policy {_policy} already has {MaxVersions} versions; start a new policy.");
        }

        var number = state.State.Versions.Count + 1;
        var version = new PolicyVersion(_policy, number, document, actor, clock.GetUtcNow(), null, null);
        await Text(number).PutAsync(document);
        await Ledger.AppendAsync(PolicyLeaves.Drafted(_tenant, version, actor, version.DraftedAt));
        await SaveAsync(next => next.Versions.Add(version with { Document = null }));
        return version;
    }

    /// <inheritdoc />
    public async Task SimulatedAsync(int version, PolicySimulationResult result)
    {
        var known = await KnownAsync(version);
        await Ledger.AppendAsync(PolicyLeaves.Simulated(_tenant, known, result));
        await SaveAsync(next => next.Versions[version - 1] = next.Versions[version - 1] with { Simulation = result });
    }

    /// <inheritdoc />
    public async Task<PolicyVersion> ApproveAsync(int version, string actor)
    {
        var known = await KnownAsync(version);
        if (known.DraftedBy == actor)
        {
            throw new RefusalException(
                RefusalKind.Forbidden,
                $"Version {version} of policy {_policy} was drafted by {actor}; another than {actor} must approve it.");
        }

        if (known.Simulation is null)
        {
            throw new RefusalException(
                RefusalKind.WrongState,
                $"Version {version} of policy {_policy} was not simulated; see what it changes before approving it.");
        }

        if (state.State.Approved.Contains(version))
        {
            return known;
        }

        var at = clock.GetUtcNow();
        await Ledger.AppendAsync(PolicyLeaves.Approved(_tenant, known, actor, at));
        await SaveAsync(next =>
        {
            next.Versions[version - 1] = next.Versions[version - 1] with { ApprovedBy = actor, ApprovedAt = at };
            next.Approved.Add(version);
        });
        return await KnownAsync(version);
    }

    /// <inheritdoc />
    public async Task<PolicyVersion> ActivateAsync(int version, string actor, DateTimeOffset? at = null)
    {
        var known = await KnownAsync(version);
        var now = clock.GetUtcNow();
        if (at is null && state.State.ActiveAt(now) == version)
        {
            return known;
        }

        RequireTime(at, now);
        var activation = new PolicyActivation(version, at ?? now, actor, now, ApproverFor(known, actor));
        await GrainFactory.GetGrain<IPolicyDecisionGrain>(this.GetPrimaryKeyString()).PrepareAsync(known);
        await Ledger.AppendAsync(PolicyLeaves.Activated(_tenant, known, activation));
        await SaveAsync(next =>
        {
            next.Activations.Add(activation);
            next.Approved.Remove(version);
        });
        return await KnownAsync(version);
    }

    /// <inheritdoc />
    public async Task<PolicyVersion> WithdrawAsync(int version, string actor)
    {
        var known = await KnownAsync(version);
        var now = clock.GetUtcNow();
        if (!state.State.Activations.Exists(one => one.Version == version && one.At > now))
        {
            throw new RefusalException(
                RefusalKind.WrongState, $"Version {version} of policy {_policy} is not to come into force later.");
        }

        await Ledger.AppendAsync(PolicyLeaves.Withdrawn(_tenant, known, actor, now));
        await SaveAsync(next => next.Activations.RemoveAll(one => one.Version == version && one.At > now));
        return await KnownAsync(version);
    }

    private void RequireTime(DateTimeOffset? at, DateTimeOffset now)
    {
        if (at < now || at > now + FurthestAhead)
        {
            throw new RefusalException(
                RefusalKind.Invalid,
                $"{at:O} is not between now, {now:O}, and {FurthestAhead.TotalDays} days from now.");
        }

        if (state.State.Activations.Count >= MaxActivations)
        {
            throw new RefusalException(
                RefusalKind.WrongState,
                $"Versions of policy {_policy} were put in force {MaxActivations} times; start a new policy.");
        }
    }

    /// <summary>Who approved what is put in force now; null where nobody need.</summary>
    private string? ApproverFor(PolicyVersion version, string actor)
    {
        var approver = state.State.Approved.Contains(version.Version) ? version.ApprovedBy : null;
        var first = state.State.Versions.TrueForAll(one => Described(one).ActivatedBy is null or Installer);
        if (options.PolicyApproval == PolicyApproval.One
            || (options.PolicyApproval == PolicyApproval.TwoAfterFirst && first))
        {
            return approver;
        }

        var name = $"Version {version.Version} of policy {_policy}";
        if (approver is null)
        {
            throw new RefusalException(
                RefusalKind.Forbidden,
                $"{name} was drafted by {version.DraftedBy} and needs the approval of another before each time it is "
                    + "put in force.");
        }

        // Its draft was approved long ago, or was nobody's: the second person is who puts it in force.
        if (approver == actor && version.ActivatedBy is not null)
        {
            throw new RefusalException(
                RefusalKind.Forbidden,
                $"{name} was in force before and {actor} approved it now; another than {actor} must put it in force.");
        }

        return approver;
    }

    /// <summary>A version with its text.</summary>
    /// <exception cref="RefusalException">No such version.</exception>
    private Task<PolicyVersion> KnownAsync(int version) =>
        version < 1 || version > state.State.Versions.Count
            ? throw new RefusalException(RefusalKind.NotFound, $"Policy {_policy} has no version {version}.")
            : WithTextAsync(Described(state.State.Versions[version - 1]));

    /// <summary>With who put it in force last, and from when.</summary>
    private PolicyVersion Described(PolicyVersion version) =>
        state.State.Activations.FindLast(one => one.Version == version.Version) is { } last
            ? version with { ActivatedBy = last.By, ActivatedAt = last.At }
            : version;

    private async Task<PolicyVersion> WithTextAsync(PolicyVersion version) => version.Document is not null
        ? version
        : version with
        {
            Document = await Text(version.Version).GetAsync() ?? throw new RefusalException(
                RefusalKind.Unavailable, $"The text of version {version.Version} of policy {_policy} cannot be read."),
        };

    private async Task SaveAsync(Action<RetentionPolicyState> change)
    {
        var known = state.State;
        state.State = known.Copy();
        change(state.State);
        await StateWrites.WriteOrRestoreAsync(state, known);
    }

    private ILedgerGrain Ledger => GrainFactory.GetGrain<ILedgerGrain>(_tenant);

    private IPolicyTextGrain Text(int version) =>
        GrainFactory.GetGrain<IPolicyTextGrain>(FormattableString.Invariant($"{_tenant}/{_policy}/{version}"));

    private PolicyVersion FirstVersion()
    {
        var installed = DateTimeOffset.UnixEpoch;
        return new PolicyVersion(_policy, 1, DefaultPolicy.Document, Installer, installed, Installer, installed);
    }
}
