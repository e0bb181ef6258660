using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts;
using Talreg.Grains.Policies;

namespace Talreg.Grains.Channels;

/// <summary>Decides about the calls of one line.</summary>
/// <remarks>
/// Reentrant, so that a slow write for one call does not hold up the next. A session offered twice gets the answer it
/// got
/// first, from memory while the grain lives and from the session grain and the call grain afterwards.
/// </remarks>
[Reentrant]
public sealed class ChannelGrain(
    [PersistentState("channel", GrainsOptions.Storage)] IPersistentState<ChannelGrainState> state,
    GrainsOptions options,
    ILogger<ChannelGrain> logger) : Grain, IChannelGrain
{
    /// <summary>
    /// The most calls a channel follows at once; beyond it the oldest is forgotten here, not in the call's own grain.
    /// </summary>
    public const int MaxActiveCalls = 256;

    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(30);

    private readonly OrderedDictionary<CallId, Admission> _active = [];
    private bool _unsaved;

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Counters only: a call is kept by its own grain, so these may lag behind by one interval.
        this.RegisterGrainTimer(SaveAsync, new GrainTimerCreationOptions(SaveEvery, SaveEvery) { KeepAlive = false });
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        SaveAsync(cancellationToken);

    /// <inheritdoc />
    public async Task<Admission> AdmitAsync(CallOffer offer)
    {
        var sessionKey = Names.Key(offer.Tenant, offer.SessionId);
        var call = await GrainFactory.GetGrain<ISessionGrain>(sessionKey).ResolveAsync(offer.Proposed);
        if (_active.TryGetValue(call, out var known))
        {
            // Another session of the call: what was commanded since holds for it from its first packet.
            return known with
            {
                DigitsSuppressed = await GrainFactory.GetGrain<ICallGrain>(call.Value).AdmittedAsync(known.Admitted),
            };
        }

        var policy = options.PolicyFor(offer.Interface);
        var verdict = await GrainFactory.GetGrain<IPolicyDecisionGrain>(Names.Key(
            offer.Tenant, policy)).DecideAsync(offer);
        var admitted = new CallAdmitted(
            call,
            offer.Tenant,
            offer.SessionId,
            [$"{offer.Interface}/{offer.Line}"],
            offer.At,
            verdict,
            offer.Participants,
            offer.Flags)
        {
            Attributes = offer.Attributes,
            Links = await LinksAsync(offer, call),
            Direction = offer.Direction,
        };
        var suppressed = await GrainFactory.GetGrain<ICallGrain>(call.Value).AdmittedAsync(admitted);
        await Task.WhenAll(admitted.Links.Select(other =>
            GrainFactory.GetGrain<ICallGrain>(other.Value).LinkAsync(call)));
        var admission = new Admission(call, verdict, admitted) { DigitsSuppressed = suppressed };
        Remember(admission, offer.At);
        logger.Admitted(
            call, this.GetPrimaryKeyString(), verdict.Kind, verdict.Policy, verdict.Version, verdict.Rule);
        return admission;
    }

    /// <inheritdoc />
    public Task EndedAsync(CallId call, DateTimeOffset at)
    {
        _active.Remove(call);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<ChannelDocument?> GetAsync()
    {
        if (state.State.CallsAdmitted == 0)
        {
            return Task.FromResult<ChannelDocument?>(null);
        }

        var (tenant, @interface, line) = Parts();
        return Task.FromResult<ChannelDocument?>(new ChannelDocument(
            tenant,
            @interface,
            line,
            options.PolicyFor(@interface),
            [.. _active.Keys],
            state.State.LastCall,
            state.State.LastCallAt,
            state.State.CallsAdmitted));
    }

    /// <summary>The first call of each key that this one shares; where this is the first, there is none.</summary>
    private async Task<IReadOnlyList<CallId>> LinksAsync(CallOffer offer, CallId call)
    {
        var firsts = await Task.WhenAll(offer.LinkKeys.Take(CallOffer.MaxLinkKeys).Select(key =>
            GrainFactory.GetGrain<ISessionGrain>(Names.Key(offer.Tenant, "link/" + key)).ResolveAsync(call)));
        return [.. firsts.Where(first => first != call).Distinct()];
    }

    private void Remember(Admission admission, DateTimeOffset at)
    {
        if (!_active.TryAdd(admission.Call, admission))
        {
            return;
        }

        if (_active.Count > MaxActiveCalls)
        {
            _active.RemoveAt(0);
        }

        state.State.CallsAdmitted++;
        state.State.LastCall = admission.Call;
        state.State.LastCallAt = at;
        _unsaved = true;
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_unsaved)
        {
            _unsaved = false;
            await state.WriteStateAsync(cancellationToken);
        }
    }

    private (string Tenant, string Interface, string Line) Parts()
    {
        var (tenant, rest) = GrainKeys.Split(this.GetPrimaryKeyString());
        var (@interface, line) = GrainKeys.Split(rest);
        return (tenant, @interface, line);
    }
}

/// <summary>State of <see cref="ChannelGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.ChannelGrainState")]
public sealed class ChannelGrainState
{
    /// <summary>Calls admitted here since the channel first appeared.</summary>
    [Id(0)] public long CallsAdmitted { get; set; }

    /// <summary>The call admitted last.</summary>
    [Id(1)] public CallId? LastCall { get; set; }

    /// <summary>When that was.</summary>
    [Id(2)] public DateTimeOffset? LastCallAt { get; set; }
}
