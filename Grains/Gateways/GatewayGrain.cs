using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts;

namespace Talreg.Grains.Gateways;

/// <summary>Keeps the orders of a gateway's live takes and pushes them.</summary>
[Reentrant]
public sealed class GatewayGrain(
    [PersistentState("gateway", GrainsOptions.Storage)] IPersistentState<GatewayGrainState> state,
    GrainsOptions options,
    ILogger<GatewayGrain> logger) : Grain, IGatewayGrain
{
    /// <summary>The most orders kept at once: one for each take a gateway can have alive.</summary>
    public const int MaxOrders = 20_000;

    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromMilliseconds(200);

    private IGatewayObserver? _observer;
    private GatewayReport? _report;
    private GatewayReading? _reading;
    private Task _saved = Task.CompletedTask;

    /// <inheritdoc />
    public Task RegisterAsync(IGatewayObserver observer)
    {
        _observer = observer;
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task<bool> OrderAsync(TakeOrder order)
    {
        var orders = state.State.Orders;
        if (!orders.ContainsKey(order.Take) && orders.Count >= MaxOrders)
        {
            throw new RefusalException(
                RefusalKind.Unavailable,
                $"Gateway {this.GetPrimaryKeyString()} already holds {MaxOrders} orders; try again when "
                    + "calls have ended.");
        }

        if (orders.TryGetValue(order.Take, out var known) && known.Revision >= order.Revision)
        {
            return true;
        }

        orders[order.Take] = order;
        await SaveAsync();
        return await PushAsync(order);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<TakeOrder>> PullAsync() =>
        Task.FromResult<IReadOnlyList<TakeOrder>>([.. state.State.Orders.Values]);

    /// <inheritdoc />
    public async Task<TakeDocument?> ReadAsync(TakeId take)
    {
        if (_observer is not { } observer)
        {
            return null;
        }

        try
        {
            return await observer.ReadAsync(take).WaitAsync(GrainsOptions.GatewayDeadline);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            logger.ReadUnanswered(this.GetPrimaryKeyString(), take, e);
            return null;
        }
    }

    /// <inheritdoc />
    public async Task ForgetAsync(TakeId take)
    {
        if (state.State.Orders.Remove(take))
        {
            await SaveAsync();
        }
    }

    /// <inheritdoc />
    public Task ReportAsync(GatewayReport report)
    {
        _report = report;
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<GatewayReport?> GetReportAsync() => Task.FromResult(_report);

    /// <inheritdoc />
    public Task<string> AnnounceReadingAsync(GatewayReading reading)
    {
        _reading = reading;
        return options.TicketKey is { } key
            ? Task.FromResult(key)
            : throw new RefusalException(
                RefusalKind.WrongState, "This silo signs no tickets: gateways are read within its own process.");
    }

    /// <inheritdoc />
    public Task<GatewayReading?> GetReadingAsync() => Task.FromResult(_reading);

    // Orders for several takes come at once; two writes under one ETag would refuse each other.
    private Task SaveAsync() => _saved = SaveAfterAsync(_saved);

    private async Task SaveAfterAsync(Task before)
    {
        await before.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await state.WriteStateAsync();
    }

    private async Task<bool> PushAsync(TakeOrder order)
    {
        if (_observer is not { } observer)
        {
            return false;
        }

        try
        {
            await observer.ExecuteAsync(order).WaitAsync(ConfirmWithin);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            // The order is kept: the gateway pulls it within a second.
            logger.OrderUnconfirmed(this.GetPrimaryKeyString(), order.Take, order.Desire, e);
            return false;
        }
    }
}

/// <summary>State of <see cref="GatewayGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.GatewayGrainState")]
public sealed class GatewayGrainState
{
    /// <summary>The order in force for each live take that has one.</summary>
    [Id(0)] public Dictionary<TakeId, TakeOrder> Orders { get; set; } = [];
}
