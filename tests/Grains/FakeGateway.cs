using System.Collections.Concurrent;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Grains.Tests;

/// <summary>A gateway's ear: notes orders, and answers them or, when told so, never does.</summary>
public sealed class FakeGateway : IGatewayObserver
{
    public ConcurrentQueue<TakeOrder> Orders { get; } = [];

    public ConcurrentDictionary<TakeId, TakeDocument> Takes { get; } = [];

    public bool Answers { get; set; } = true;

    public Task ExecuteAsync(TakeOrder order)
    {
        Orders.Enqueue(order);
        return Answers ? Task.CompletedTask : new TaskCompletionSource().Task;
    }

    public Task<TakeDocument?> ReadAsync(TakeId take) =>
        Task.FromResult(Takes.TryGetValue(take, out var document) ? document : null);
}
