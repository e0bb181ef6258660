using System.Collections.Concurrent;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp.Gather;
using Talreg.Hardware.Udp.Scan;

namespace Talreg.Hardware.Udp;

/// <summary>
/// Receives from the machine's UDP ports by one of two methods: scanned sockets, one per port, or ports gathered into one
/// socket per shard. Which one, is settled when it is made.
/// </summary>
public sealed class UdpDevice : ICaptureDevice, IDatagramSender
{
    private readonly UdpDeviceOptions _options;
    private readonly PortPool _pool;
    private readonly PairBinder _binder;
    private readonly Gathering? _gathering;
    private readonly UdpShard?[] _shards;
    private readonly int[] _pairsOfShard;
    private readonly ConcurrentDictionary<ushort, OpenPair> _open = new();
    private int _started;
    private volatile bool _stopped;

    /// <summary>Makes a device; opens no port yet.</summary>
    /// <param name="options">Address, ports, method and limits.</param>
    /// <param name="time">Measures the cool-down of ports; the system's when null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="GatherUnavailableException">Gathered was asked for and is not possible.</exception>
    public UdpDevice(UdpDeviceOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        _options = options;
        _pool = new PortPool(options.Ports, time ?? TimeProvider.System);
        _shards = new UdpShard?[options.Shards];
        _pairsOfShard = new int[options.Shards];
        (_gathering, NotGathered) = Choose(options);

        // A gathered port is bound for its number alone.
        _binder = new PairBinder(_pool, options.Address, _gathering is null ? options.ReceiveBufferBytes : null);
    }

    /// <summary>The method in use; never <see cref="ReceiveMethod.Auto"/>.</summary>
    public ReceiveMethod Method => _gathering is null ? ReceiveMethod.Scan : ReceiveMethod.Gathered;

    /// <summary>Why ports are scanned although <see cref="ReceiveMethod.Auto"/> would gather them; null otherwise.</summary>
    public GatherUnavailableException? NotGathered { get; }

    /// <inheritdoc />
    public int ShardCount => _shards.Length;

    /// <inheritdoc />
    public int FreePairs => _pool.Free;

    /// <inheritdoc />
    public void Start(ICaptureSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidOperationException("The device was started before.");
        }

        for (var i = 0; i < _shards.Length; i++)
        {
            _shards[i] = _gathering?.Shard(i, _options, sink) ?? (UdpShard)new ScanShard(i, _options, sink);
        }

        foreach (var shard in _shards)
        {
            shard!.Start();
        }
    }

    /// <inheritdoc />
    public void Wake(int shard)
    {
        if (!_stopped)
        {
            ShardAt(shard).Wake();
        }
    }

    /// <inheritdoc />
    public async ValueTask<PortGrant> OpenAsync(
        int pairs, int? shard = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var index = shard ?? LeastLoaded();
        var target = ShardAt(index);
        if (_stopped)
        {
            return PortGrant.Refused(PortRefusal.Stopped);
        }

        var refusal = _binder.TryBind(pairs, index, out var bound);
        if (refusal != PortRefusal.None)
        {
            return PortGrant.Refused(refusal);
        }

        Interlocked.Add(ref _pairsOfShard[index], bound.Length);
        foreach (var pair in bound)
        {
            _open[pair.Pair.Rtp] = pair;
        }

        refusal = await HandOverAsync(target, bound).ConfigureAwait(false);
        if (refusal != PortRefusal.None || cancellationToken.IsCancellationRequested)
        {
            foreach (var pair in bound)
            {
                await CloseAsync(pair.Pair).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return PortGrant.Refused(refusal);
        }

        return new PortGrant(PortRefusal.None, Array.ConvertAll(bound, p => p.Pair));
    }

    /// <inheritdoc />
    public async ValueTask CloseAsync(PortPair pair)
    {
        if (!_open.TryRemove(pair.Rtp, out var open))
        {
            return;
        }

        var shard = ShardAt(open.Pair.Shard);
        await Task.WhenAll(CloseAsync(shard, open.Rtp), CloseAsync(shard, open.Rtcp)).ConfigureAwait(false);
        Interlocked.Decrement(ref _pairsOfShard[open.Pair.Shard]);
        _pool.Return(pair.Rtp);
    }

    /// <inheritdoc />
    public int Send(PortPair pair, bool fromRtcp, ReadOnlySpan<byte> datagram, SourceAddress destination) =>
        _open.TryGetValue(pair.Rtp, out var open)
            ? (fromRtcp ? open.Rtcp : open.Rtp).Send(datagram, destination)
            : LibC.BadDescriptor;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        foreach (var shard in _shards)
        {
            if (shard is not null)
            {
                await shard.StopAsync().ConfigureAwait(false);
                shard.Dispose();
            }
        }

        _gathering?.Dispose();
        foreach (var pair in _open.Values)
        {
            pair.Rtp.Dispose();
            pair.Rtcp.Dispose();
        }

        _open.Clear();
    }

    private static (Gathering? Gathering, GatherUnavailableException? Refusal) Choose(UdpDeviceOptions options)
    {
        if (options.Method == ReceiveMethod.Scan)
        {
            return (null, null);
        }

        try
        {
            return (Gathering.Begin(options), null);
        }
        catch (GatherUnavailableException refusal) when (options.Method == ReceiveMethod.Auto)
        {
            return (null, refusal);
        }
    }

    // A shard whose queue is full is emptied within a scan: closing waits for that, because a socket must not leak.
    private static async Task CloseAsync(UdpShard shard, UdpPort port)
    {
        Task<bool> done;
        while (!shard.TryPost(port, open: false, out done))
        {
            await Task.Yield();
        }

        if (!await done.ConfigureAwait(false))
        {
            port.Dispose();
        }
    }

    private static async Task<PortRefusal> HandOverAsync(UdpShard shard, OpenPair[] bound)
    {
        var opening = new List<Task<bool>>(bound.Length * 2);
        foreach (var pair in bound)
        {
            if (!shard.TryPost(pair.Rtp, open: true, out var rtp))
            {
                return PortRefusal.ShardBusy;
            }

            opening.Add(rtp);
            if (!shard.TryPost(pair.Rtcp, open: true, out var rtcp))
            {
                return PortRefusal.ShardBusy;
            }

            opening.Add(rtcp);
        }

        var opened = await Task.WhenAll(opening).ConfigureAwait(false);
        return Array.TrueForAll(opened, ok => ok) ? PortRefusal.None : PortRefusal.Stopped;
    }

    private UdpShard ShardAt(int shard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, _shards.Length);
        return _shards[shard] ?? throw new InvalidOperationException("The device is not started.");
    }

    private int LeastLoaded()
    {
        var least = 0;
        for (var i = 1; i < _pairsOfShard.Length; i++)
        {
            if (Volatile.Read(ref _pairsOfShard[i]) < Volatile.Read(ref _pairsOfShard[least]))
            {
                least = i;
            }
        }

        return least;
    }
}
