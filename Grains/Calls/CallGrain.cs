using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;

namespace Talreg.Grains.Calls;

/// <summary>
/// The life of one call. Every event is idempotent; state is written on transitions, then the read model follows.
/// </summary>
/// <remarks>
/// The read model is put after the state, and others are told after both. Should any of that fail, the event was not heard
/// and comes again: what it changed is known then, and only what should have followed is done. Should nobody tell it
/// again, the next event, or a rebuild, mends the read model: the database is an index of the truth.
/// </remarks>
public sealed class CallGrain(
    [PersistentState("call", GrainsOptions.Storage)] IPersistentState<CallGrainState> state,
    ICallIndex index,
    TimeProvider clock,
    ILogger<CallGrain> logger) : Grain, ICallGrain
{
    private CallDocument? _indexed;

    private CallDocument? Document => state.State.Document;

    /// <inheritdoc />
    public async Task<CallDocument?> GetAsync()
    {
        if (Document is not { State: CallState.Active } document)
        {
            return Document;
        }

        // Counters of a live take live in its gateway. The answer is not kept: nothing is persisted on a read.
        var takes = await Task.WhenAll(document.Takes.Select(take => RefreshAsync(document.Tenant, take)));
        return document with { Takes = takes };
    }

    /// <inheritdoc />
    public async Task<bool> AdmittedAsync(CallAdmitted admitted)
    {
        var before = Document;
        var after = CallTransitions.Admit(before, admitted);
        if (ReferenceEquals(before, after))
        {
            await IndexAsync(after);
            return state.State.Standing.DigitsSuppressed;
        }

        // Never the other way: what one session's verdict suppresses, another's does not allow.
        var standing = state.State.Standing;
        standing = admitted.Verdict.Digits == DigitHandling.Suppress && state.State.Revision == 0
            ? standing with { DigitsSuppressed = true }
            : standing;

        if (before is null && after.State == CallState.NotRecorded)
        {
            // A call that leaves no take is proved by its decision, so that the read model can be rebuilt without it.
            var receipt = await GrainFactory.GetGrain<ILedgerGrain>(admitted.Tenant)
                .AppendAsync(CallLeaves.Decision(after, admitted.Verdict, admitted.Verdict.At));
            after = after with { Evidence = new EvidenceDocument(receipt.Leaf, receipt.CheckpointSize) };
        }

        await SaveAsync(after, standing);
        return standing.DigitsSuppressed;
    }

    /// <inheritdoc />
    public async Task TakeStartedAsync(TakeStarted started)
    {
        var document = Known();
        if (document.Takes.Any(take => take.Id == started.Take.Id))
        {
            await IndexAsync(document);
        }
        else
        {
            await SaveAsync(CallTransitions.Start(document, started));
        }

        if (state.State.Revision > 0)
        {
            await OrderAsync(document.Tenant, started.Take, "as the call's other takes");
        }
    }

    /// <inheritdoc />
    public Task LinkAsync(CallId other)
    {
        // A call whose admission failed is known by its session only; there is nothing to link.
        if (Document is not { } document)
        {
            return Task.CompletedTask;
        }

        var after = CallTransitions.Link(document, other);
        return ReferenceEquals(after, document) ? IndexAsync(document) : SaveAsync(after);
    }

    /// <inheritdoc />
    public Task TakeChangedAsync(TakeChanged changed)
    {
        var document = Known();
        var after = CallTransitions.Change(document, changed);
        return after == document ? IndexAsync(document) : SaveAsync(after);
    }

    /// <inheritdoc />
    public async Task TakeSealedAsync(TakeSealed done)
    {
        var document = Document ?? CallTransitions.Admit(null, done.Admission);
        var after = document;
        if (document.Takes.Any(take => take.Id == done.Take.Id && take.Sealed))
        {
            await IndexAsync(document);
        }
        else
        {
            after = CallTransitions.Seal(document, done);
            await SaveAsync(after);
        }

        foreach (var take in after.Takes.Where(take => take.Id == done.Take.Id))
        {
            await Gateway(after.Tenant, take).ForgetAsync(take.Id);
        }

        if (after.State != CallState.Active)
        {
            await EndAsync(after, done.EndedAt);
        }
    }

    /// <inheritdoc />
    public async Task FailedAsync(CallFailed failed)
    {
        var before = Document;
        var document = before ?? (failed.Admission is { } admission ? CallTransitions.Admit(null, admission) : null);
        if (document is null)
        {
            return;
        }

        var ledger = GrainFactory.GetGrain<ILedgerGrain>(document.Tenant);
        var after = CallTransitions.Fail(document, failed);
        await ledger.AppendAsync(CallLeaves.NotCaptured(document, failed));
        if (ReferenceEquals(after, document))
        {
            await IndexAsync(document);
        }
        else
        {
            // As with a call that policy left out: the read model can be rebuilt from its decision.
            var receipt = await ledger.AppendAsync(CallLeaves.Decision(after, after.Verdicts[^1], failed.At));
            after = after with { Evidence = new EvidenceDocument(receipt.Leaf, receipt.CheckpointSize) };
            await SaveAsync(after);
        }

        if (after.State == CallState.Failed)
        {
            await EndAsync(after, failed.At);
        }
    }

    /// <inheritdoc />
    public async Task<CallDocument> CommandAsync(CallCommand command, string actor, string? reason)
    {
        var document = Document
            ?? throw new RefusalException(RefusalKind.NotFound, $"There is no call {this.GetPrimaryKey():D}.");
        var standing = CallTransitions.Stand(document, state.State.Standing, command);
        state.State.Revision++;
        document = CallTransitions.Command(document, command, actor, reason, clock.GetUtcNow());
        await SaveAsync(document, standing);
        var live = document.Takes.Where(take => !take.Sealed).ToList();
        var confirmed = await Task.WhenAll(live.Select(take =>
            OrderAsync(document.Tenant, take, $"{CallTransitions.Word(command)} by {actor}")));
        if (!confirmed.All(yes => yes))
        {
            logger.CommandUnconfirmed(document.Id, command, actor);
            await SaveAsync(CallTransitions.Flag(Document!, CallFlags.CommandUnconfirmed));
        }

        return (await GetAsync())!;
    }

    private async Task EndAsync(CallDocument ended, DateTimeOffset at)
    {
        logger.CallEnded(ended.Id, ended.State, ended.EndReason ?? EndReason.Rejected);
        foreach (var channel in ended.Channels)
        {
            await GrainFactory.GetGrain<IChannelGrain>(Names.Key(ended.Tenant, channel)).EndedAsync(ended.Id, at);
        }

        await GrainFactory.GetGrain<ISessionGrain>(Names.Key(ended.Tenant, ended.SessionId)).EndedAsync(at);
    }

    private CallDocument Known() => Document ?? throw new RefusalException(
        RefusalKind.WrongState, $"Call {this.GetPrimaryKey():D} has not been admitted; report its admission first.");

    private IGatewayGrain Gateway(string tenant, TakeDocument take) =>
        GrainFactory.GetGrain<IGatewayGrain>(Names.Key(tenant, take.Gateway));

    private Task<bool> OrderAsync(string tenant, TakeDocument take, string reason)
    {
        var (desire, suppressed) = state.State.Standing;
        return Gateway(tenant, take).OrderAsync(
            new TakeOrder(take.Id, desire, state.State.Revision, reason) { DigitsSuppressed = suppressed });
    }

    private async Task<TakeDocument> RefreshAsync(string tenant, TakeDocument take) =>
        take.Sealed ? take : await Gateway(tenant, take).ReadAsync(take.Id) ?? take;

    private async Task SaveAsync(CallDocument document, CallStanding? standing = null)
    {
        var known = state.State;
        state.State = new CallGrainState
        {
            Document = document, Revision = known.Revision, Standing = standing ?? known.Standing,
        };
        await StateWrites.WriteOrRestoreAsync(state, known);
        await IndexAsync(document);
    }

    // Of this activation; another one puts what it finds once more, which changes nothing.
    private async Task IndexAsync(CallDocument document)
    {
        if (!ReferenceEquals(document, _indexed))
        {
            await index.PutAsync(document, CancellationToken.None);
            _indexed = document;
        }
    }
}

/// <summary>State of <see cref="CallGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.CallGrainState")]
public sealed class CallGrainState
{
    /// <summary>The call; null before it was admitted.</summary>
    [Id(0)] public CallDocument? Document { get; set; }

    /// <summary>The revision of the last command.</summary>
    [Id(1)] public long Revision { get; set; }

    /// <summary>What commands want of its takes.</summary>
    [Id(2)] public CallStanding Standing { get; set; } = CallStanding.AsAdmitted;
}
