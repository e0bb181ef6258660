using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>
/// Keeps a gateway's part in an interface: sends and hears heartbeats on a thread of its own, asks the database when
/// <see cref="OwnershipMachine"/> says so, and tells what changes. What asks is in <c>InterfaceKeeper.Asking</c>.
/// </summary>
internal sealed partial class InterfaceKeeper : IAsyncDisposable
{
    private readonly GatewayOptions _options;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Guid _incarnation;
    private readonly HeartbeatSocket _socket;
    private readonly AddressHolder? _address;
    private readonly HeartbeatBook _book = new(RandomNumberGenerator.GetInt32(int.MaxValue) * (1L << 20));
    private readonly Lock _changing = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _origin;
    private ReadOnlyMemory<byte> _key;
    private volatile OwnershipState? _state;
    private volatile bool _stopping;
    private Action<OwnershipState, OwnershipState> _changed = static (_, _) => { };
    private Func<int> _liveCalls = static () => 0;
    private bool _isRunning;
    private bool _isUnsent;
    private TimeSpan _readAt;
    private long _takeovers;
    private int _lane;

    /// <summary>Binds the heartbeats' address; nothing is asked or sent yet.</summary>
    /// <exception cref="IOException">It cannot be bound.</exception>
    public InterfaceKeeper(
        GatewayOptions options, Guid incarnation, IGrainFactory grains, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _incarnation = incarnation;
        _grains = grains;
        _clock = clock;
        _logger = logger;
        _origin = clock.GetTimestamp();
        _socket = new HeartbeatSocket(options.Heartbeat!);
        _address = options.FloatingAddress is { } address
            ? new AddressHolder(address, options.Interface, logger)
            : null;
    }

    /// <summary>How it stands; not before <see cref="JoinAsync"/>.</summary>
    public OwnershipState State =>
        _state ?? throw new InvalidOperationException("The gateway has not joined its interface.");

    /// <summary>Heartbeats and takeovers since the start.</summary>
    public OwnershipCounters Counters
    {
        get
        {
            var (accepted, refused, sent) = _socket.Totals;
            var state = State;
            return new OwnershipCounters(
                state.Role, state.OwnEpoch, state.Alarm, accepted, refused, sent, Interlocked.Read(ref _takeovers));
        }
    }

    /// <summary>
    /// True while SIP may be sent and answered. An owner's process that stood still finds out here, before anything
    /// else of it has run: its machine has not been ticked.
    /// </summary>
    public bool MaySpeak =>
        _state is { MaySpeak: true } state
        && (state.Role != GatewayRole.Owner || !_isRunning || Now - state.TickedAt <= OwnershipTiming.Silence);

    private TimeSpan Now => _clock.GetElapsedTime(_origin);

    /// <summary>The interface on the next lane: what one silo does not answer, another may.</summary>
    private IInterfaceGrain Interface =>
        Lane((int)((uint)Interlocked.Increment(ref _lane) % InterfaceLanes.Count));

    /// <summary>How long ago each other member was heard. Any thread.</summary>
    public Dictionary<string, TimeSpan> Heard()
    {
        var now = Now;
        var heard = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        lock (_changing)
        {
            foreach (var member in OthersOf(State))
            {
                if (_book.HeardAgo(member.Incarnation, now) is { } ago)
                {
                    heard[member.Gateway] = ago;
                }
            }
        }

        return heard;
    }

    /// <summary>Joins the interface: as its owner, or standing by.</summary>
    /// <exception cref="RefusalException">It may not.</exception>
    public async Task<OwnershipState> JoinAsync()
    {
        var joined = await Interface.JoinAsync(Self()).ConfigureAwait(false);
        _key = joined.HeartbeatKey;
        var now = Now;
        return _state = OwnershipMachine.Begin(_options.Gateway, _incarnation, joined.Ownership, now);
    }

    /// <summary>Begins to send heartbeats, to hear them and to act on them.</summary>
    /// <param name="changed">
    /// Told every change of role, epoch or alarm, before and after, in order. It must return at once and not call
    /// back. </param>
    /// <param name="liveCalls">Sessions alive: while there are any, a gateway that lost the interface does not stand
    /// by for it.</param>
    public void Start(Action<OwnershipState, OwnershipState> changed, Func<int> liveCalls)
    {
        _changed = changed;
        _liveCalls = liveCalls;
        _state = State with { TickedAt = Now, HeardAt = Now };
        _isRunning = true;

        // Of its own: a pool that is busy for half a second must not cost the interface.
        new Thread(Run) { IsBackground = true, Name = "heartbeats" }.Start();
    }

    /// <summary>Hands the interface to a standby that is heard, if there is one, and takes part no more.</summary>
    public async Task StopAsync()
    {
        if (!_isRunning)
        {
            return;
        }

        if (State is { Role: GatewayRole.Owner } owner && Successor(owner, to: null) is { } next)
        {
            await HandOverAsync(owner, next.Gateway).ConfigureAwait(false);
        }

        _stopping = true;
        await _ended.Task.ConfigureAwait(false);
        _isRunning = false;
        await LeaveAsync().ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        if (_isRunning)
        {
            await _ended.Task.ConfigureAwait(false);
        }

        _socket.Dispose();
    }

    private InterfaceMember Self() => new(_options.Gateway, _incarnation, _socket.Endpoint.ToString());

    private IInterfaceGrain Lane(int lane) => _grains.GetGrain<IInterfaceGrain>(
        InterfaceLanes.Key(_options.Tenant, _options.Interface, lane));

    private IEnumerable<InterfaceMember> OthersOf(OwnershipState state) =>
        (state.Known.Owner is { } owner ? state.Known.Standbys.Prepend(owner) : state.Known.Standbys)
        .Where(member => member.Incarnation != _incarnation);

    private void Run()
    {
        try
        {
            for (var next = Now; !_stopping;)
            {
                var now = Now;
                if (now >= next)
                {
                    Beat(now);
                    next = now + OwnershipTiming.Beat;
                }
                else if (_socket.Wait(next - now) && _socket.TryReceive(_key.Span, out var heard))
                {
                    Hear(heard);
                }
            }

            // Whoever it was handed to need not wait for a silence to find out.
            Beat(Now);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void Beat(TimeSpan now)
    {
        var step = Change(state => OwnershipMachine.Tick(state, now));
        var current = State;
        _address?.Update(current, now);
        foreach (var member in OthersOf(current))
        {
            if (HeartbeatSocket.EndpointOf(member) is { } to)
            {
                Send(current, member, to);
            }
        }

        Act(step, current, now);
    }

    private void Send(OwnershipState state, InterfaceMember member, IPEndPoint to)
    {
        Heartbeat heartbeat;
        lock (_changing)
        {
            heartbeat = new Heartbeat(
                _options.Gateway,
                _incarnation,
                state.Role,
                state.Known.Lease.Epoch,
                _book.Next(),
                _book.EchoFor(member.Incarnation));
        }

        try
        {
            _socket.Send(heartbeat, _key.Span, to);
            _isUnsent = false;
        }
        catch (SocketException e)
        {
            // Once, not ten times a second.
            if (!_isUnsent)
            {
                _logger.HeartbeatUnsent(_options.Interface, to, e);
            }

            _isUnsent = true;
        }
    }

    private void Hear(in Heartbeat heard)
    {
        var now = Now;
        var sender = heard.Incarnation;
        bool accepted;
        lock (_changing)
        {
            accepted = OthersOf(State).Any(member => member.Incarnation == sender) && _book.Accept(heard, now);
        }

        if (!accepted)
        {
            // Of a member that joined since, or of none: how the interface stands is asked once a second.
            _socket.Refuse();
            return;
        }

        _socket.Accept();
        var taken = heard;
        Act(Change(state => OwnershipMachine.Hear(state, taken, now)), State, now);
    }

    private void Change(Func<OwnershipState, OwnershipState> transition) =>
        Change(state => (transition(state), OwnershipStep.None));

    private OwnershipStep Change(Func<OwnershipState, (OwnershipState State, OwnershipStep Step)> transition)
    {
        lock (_changing)
        {
            var before = State;
            var (after, step) = transition(before);
            _state = after;
            if (before.Role != after.Role || before.OwnEpoch != after.OwnEpoch || before.Alarm != after.Alarm
                || before.IsProved != after.IsProved)
            {
                Tell(before, after);
            }

            return step;
        }
    }

    private void Tell(OwnershipState before, OwnershipState after)
    {
        var lease = after.Known.Lease;
        if (before.Role != after.Role)
        {
            _logger.RoleChanged(_options.Interface, before.Role, after.Role, lease.Gateway, lease.Epoch);
        }

        if (after.Role == GatewayRole.Owner && before.Role == GatewayRole.TakingOver)
        {
            Interlocked.Increment(ref _takeovers);
        }

        if (after.Alarm is { } alarm && before.Alarm is null)
        {
            _logger.TakeoverBlocked(_options.Interface, alarm);
        }

        if (before.IsProved && !after.IsProved)
        {
            _logger.StoodStill(_options.Interface);
        }

        if (after.Role == GatewayRole.Stale && before.Role != GatewayRole.Stale)
        {
            _logger.Superseded(_options.Interface, lease.Gateway, lease.Epoch, _liveCalls());
        }

        _changed(before, after);
    }
}

/// <summary>What a gateway's part in its interface came to.</summary>
/// <param name="Role">What it does.</param>
/// <param name="Epoch">Its own last epoch; 0 for none.</param>
/// <param name="Alarm">Why the interface is not taken over though its owner is silent; null while all is well.</param>
/// <param name="Accepted">Heartbeats accepted.</param>
/// <param name="Refused">Heartbeats refused: not authentic, no member's, or not new.</param>
/// <param name="Sent">Heartbeats sent.</param>
/// <param name="Takeovers">Times that this process took the interface over from a silent owner.</param>
public sealed record OwnershipCounters(
    GatewayRole Role, long Epoch, string? Alarm, long Accepted, long Refused, long Sent, long Takeovers);
