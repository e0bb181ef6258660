using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>What the keeper asks of the database, by way of the silos. Nothing of it holds up a heartbeat.</summary>
internal sealed partial class InterfaceKeeper
{
    /// <summary>The most questions under way at once.</summary>
    private const int MaxReads = 2;

    // A silo that is frozen answers nobody; the next question goes to another one.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan HandoverWithin = TimeSpan.FromSeconds(2);

    private int _reading;
    private bool _isUnread;
    private int _joining;
    private int _answering;

    private void Act(OwnershipStep step, OwnershipState state, TimeSpan now)
    {
        if (step == OwnershipStep.TakeOver)
        {
            _ = TakeOverAsync(state.Known.Lease.Epoch);
        }

        if ((step == OwnershipStep.Read || now - _readAt >= OwnershipTiming.ReadEvery)
            && Volatile.Read(ref _reading) < MaxReads)
        {
            _readAt = now;
            _ = ReadAsync();
        }

        if (state is { Role: GatewayRole.Owner, Known.Order: { Declined: null } order }
            && Interlocked.CompareExchange(ref _answering, 1, 0) == 0)
        {
            _ = AnswerAsync(state, order);
        }
    }

    private async Task ReadAsync()
    {
        Interlocked.Increment(ref _reading);
        var asked = Now;
        try
        {
            if (await Interface.ReadAsync().WaitAsync(AnswerWithin, _clock).ConfigureAwait(false) is { } said)
            {
                Learn(said, asked);
                await JoinAgainAsync().ConfigureAwait(false);
            }

            _isUnread = false;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            // Once, and not each second of an outage.
            if (!_isUnread)
            {
                _logger.OwnershipUnread(_options.Interface, e);
            }

            _isUnread = true;
        }
        finally
        {
            Interlocked.Decrement(ref _reading);
        }
    }

    // Calls of before first: whoever stands by is to have room for all of the owner's.
    private async Task JoinAgainAsync()
    {
        if (!OwnershipMachine.MustJoin(State)
            || (State.Role is GatewayRole.Withdrawn or GatewayRole.Stale && _liveCalls() > 0)
            || _stopping
            || Interlocked.CompareExchange(ref _joining, 1, 0) != 0)
        {
            return;
        }

        try
        {
            var asked = Now;
            var joined = await Interface.JoinAsync(Self()).WaitAsync(HandoverWithin, _clock).ConfigureAwait(false);
            Learn(joined.Ownership, asked);
        }
        finally
        {
            Volatile.Write(ref _joining, 0);
        }
    }

    private void Learn(InterfaceOwnership said, TimeSpan asked) =>
        Change(state => OwnershipMachine.Learn(state, said, asked, Now));

    // On every lane at once: a silo may have died with the owner, or be frozen.
    private async Task TakeOverAsync(long expectedEpoch)
    {
        var asked = Now;
        var attempts = Enumerable.Range(0, InterfaceLanes.Count)
            .Select(lane => TryTakeOverAsync(Lane(lane), expectedEpoch)).ToList();
        var obstacle = "";
        while (attempts.Count > 0)
        {
            var first = await Task.WhenAny(attempts).ConfigureAwait(false);
            attempts.Remove(first);
            (var won, obstacle) = await first.ConfigureAwait(false);
            if (won is not null)
            {
                Learn(won, asked);
                return;
            }
        }

        Change(state => OwnershipMachine.Fail(state, obstacle, Now));
        await ReadAsync().ConfigureAwait(false);
    }

    private async Task<(InterfaceOwnership? Won, string Obstacle)> TryTakeOverAsync(
        IInterfaceGrain lane, long expectedEpoch)
    {
        try
        {
            return (
                await lane.TakeOverAsync(_incarnation, expectedEpoch)
                    .WaitAsync(AnswerWithin, _clock).ConfigureAwait(false),
                "");
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            return (null, e.Message);
        }
    }

    private InterfaceMember? Successor(OwnershipState state, string? to)
    {
        var now = Now;
        lock (_changing)
        {
            return state.Known.Standbys.FirstOrDefault(member =>
                (to is null || member.Gateway == to)
                && _book.HeardAgo(member.Incarnation, now) <= OwnershipTiming.Silence);
        }
    }

    private async Task AnswerAsync(OwnershipState owner, HandoverOrder order)
    {
        try
        {
            var calls = _address is null ? 0 : _liveCalls();
            var next = Successor(owner, order.To);
            if (next is not null && calls == 0)
            {
                await HandOverAsync(owner, next.Gateway).ConfigureAwait(false);
                return;
            }

            var reason = next is not null
                ? $"{calls} calls are live, and they would not move with the address; ask again when they are over"
                : $"{order.To ?? "No standby"} was not heard within {OwnershipTiming.Silence.TotalMilliseconds} ms";
            _logger.HandoverDeclined(_options.Interface, reason);
            var asked = Now;
            Learn(
                await Interface.DeclineHandoverAsync(_incarnation, owner.OwnEpoch, reason)
                    .WaitAsync(HandoverWithin, _clock).ConfigureAwait(false),
                asked);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            _logger.HandoverDeclined(_options.Interface, e.Message);
        }
        finally
        {
            Volatile.Write(ref _answering, 0);
        }
    }

    private async Task HandOverAsync(OwnershipState owner, string to)
    {
        Change(state => state with { IsHandingOver = true });
        try
        {
            var asked = Now;
            Learn(
                await Interface.HandOverAsync(_incarnation, owner.OwnEpoch, to)
                    .WaitAsync(HandoverWithin, _clock).ConfigureAwait(false),
                asked);
            _logger.HandedOver(_options.Interface, to);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            // It may have been heard all the same: how the interface stands is asked again within a second.
            Change(state => state with { IsHandingOver = false });
            _logger.HandoverDeclined(_options.Interface, e.Message);
        }
    }

    private async Task LeaveAsync()
    {
        try
        {
            await Interface.LeaveAsync(_incarnation).WaitAsync(HandoverWithin, _clock).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            _logger.OwnershipUnread(_options.Interface, e);
        }
    }
}
