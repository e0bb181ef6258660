using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Contracts;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;
using Talreg.Evidence.Json;
using Talreg.Policy;

namespace Talreg.Grains.Policies;

/// <summary>A policy's versions. Every change stands in the tenant's ledger before it is answered.</summary>
public sealed class RetentionPolicyGrain(
    [PersistentState("policy", GrainsOptions.Storage)] IPersistentState<RetentionPolicyState> state,
    TimeProvider clock) : Grain, IRetentionPolicyGrain
{
    /// <summary>The most versions one policy may have.</summary>
    public const int MaxVersions = 1_000;

    private string _tenant = "";
    private string _policy = "";

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_tenant, _policy) = GrainKeys.Split(this.GetPrimaryKeyString());
        if (!state.RecordExists && _policy == Names.DefaultPolicy)
        {
            // In force from the first moment without a write: a recorder that was just installed records everything.
            state.State.Versions.Add(
                FirstVersion());
            state.State.Active = 1;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<PolicyHistory?> GetAsync() => Task.FromResult(
        state.State.Versions.Count == 0
            ? null
            : new PolicyHistory(_policy, state.State.Active, [.. state.State.Versions]));

    /// <inheritdoc />
    public Task<PolicyVersion?> GetActiveAsync() => Task.FromResult(
        state.State.Active == 0 ? null : state.State.Versions[state.State.Active - 1]);

    /// <inheritdoc />
    public async Task<PolicyVersion> DraftAsync(PolicyDocument document, string actor)
    {
        var faults = PolicyValidator.Validate(document);
        if (faults.Count > 0)
        {
            throw new RefusalException(RefusalKind.Invalid, string.Join(" ", faults));
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

        var version = new PolicyVersion(
            _policy,
            state.State.Versions.Count + 1,
            document,
            actor,
            clock.GetUtcNow(),
            ActivatedBy: null,
            ActivatedAt: null);
        await DeclareAsync(version, "drafted", actor);
        state.State.Versions.Add(version);
        await state.WriteStateAsync();
        return version;
    }

    /// <inheritdoc />
    public async Task<PolicyVersion> ActivateAsync(int version, string actor)
    {
        if (version < 1 || version > state.State.Versions.Count)
        {
            throw new RefusalException(RefusalKind.NotFound, $"Policy {_policy} has no version {version}.");
        }

        if (state.State.Active == version)
        {
            return state.State.Versions[version - 1];
        }

        var activated = state.State.Versions[version - 1] with { ActivatedBy = actor, ActivatedAt = clock.GetUtcNow() };
        await DeclareAsync(activated, "activated", actor);
        state.State.Versions[version - 1] = activated;
        state.State.Active = version;
        await state.WriteStateAsync();
        return activated;
    }

    private PolicyVersion FirstVersion()
    {
        var installed = DateTimeOffset.UnixEpoch;
        return new PolicyVersion(_policy, 1, DefaultPolicy.Document, "talreg", installed, "talreg", installed);
    }

    private Task<LedgerReceipt> DeclareAsync(PolicyVersion version, string change, string actor)
    {
        var content = SHA256.HashData(
            CanonicalJson.Write(JsonSerializer.SerializeToNode(version.Document, TalregJson.Options)));
        var body = CanonicalJson.Write(new JsonObject
        {
            ["tenant"] = _tenant,
            ["policy"] = _policy,
            ["version"] = version.Version,
            ["change"] = change,
            ["actor"] = actor,
            ["contentHash"] = Convert.ToHexStringLower(content),
        });
        var at = clock.GetUtcNow();
        var key = $"policy/{_policy}/{version.Version}/{change}/{at.ToUnixTimeMilliseconds()}";
        return GrainFactory.GetGrain<ILedgerGrain>(_tenant).AppendAsync(
            new LedgerEvent(LedgerEventKind.Policy, key, at, body));
    }
}

/// <summary>State of <see cref="RetentionPolicyGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.RetentionPolicyState")]
public sealed class RetentionPolicyState
{
    /// <summary>Versions, number 1 first.</summary>
    [Id(0)] public List<PolicyVersion> Versions { get; set; } = [];

    /// <summary>The number in force; 0 for none.</summary>
    [Id(1)] public int Active { get; set; }
}
