using System.Collections.Concurrent;
using System.Net.Sockets;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Udp;

/// <summary>
/// Receives with plain UDP sockets, one per port, that are scanned at fixed times. Needs no privilege; costs a system call
/// per port and scan.
/// </summary>
public sealed class UdpDevice : ICaptureDevice
{
    private const int MaxShards = 64;

    private readonly UdpDeviceOptions _options;
    private readonly PortPool _pool;
    private readonly UdpShard?[] _shards;
    private readonly int[] _pairsOfShard;
    private readonly ConcurrentDictionary<ushort, OpenPair> _open = new();
    private int _started;
    private volatile bool _stopped;

    /// <summary>Makes a device; binds nothing yet.</summary>
    /// <param name="options">Address, ports and limits.</param>
    /// <param name="time">Measures the cool-down of ports; the system's when null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public UdpDevice(UdpDeviceOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Shards, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Shards, MaxShards, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(
            options.ScanInterval, TimeSpan.FromMilliseconds(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.ScanInterval, TimeSpan.FromMilliseconds(100), nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDatagramBytes, 256, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxDatagramBytes, 65_507, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReceiveBufferBytes, 4096, nameof(options));
        _options = options;
        _pool = new PortPool(options.Ports, time ?? TimeProvider.System);
        _shards = new UdpShard?[options.Shards];
        _pairsOfShard = new int[options.Shards];
    }

    /// <inheritdoc />
    public int ShardCount => _shards.Length;

    /// <summary>How many pairs could be opened now, other programs' ports not considered.</summary>
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
            _shards[i] = new UdpShard(i, _options, sink);
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

        var refusal = TryBind(pairs, index, out var bound);
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
        await CloseAsync(shard, open.Rtp).ConfigureAwait(false);
        await CloseAsync(shard, open.Rtcp).ConfigureAwait(false);
        Interlocked.Decrement(ref _pairsOfShard[open.Pair.Shard]);
        _pool.Return(pair.Rtp);
    }

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

        _open.Clear();
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

    // Ports of the range that another program holds are skipped, and cool down like our own before they are tried again.
    private PortRefusal TryBind(int pairs, int shard, out OpenPair[] bound)
    {
        Span<ushort> ports = stackalloc ushort[Math.Clamp(pairs, 1, PortPool.MaxPairsPerRequest)];
        ArgumentOutOfRangeException.ThrowIfNotEqual(pairs, ports.Length);
        bound = new OpenPair[pairs];
        for (var attempt = 0; attempt <= _pool.Capacity; attempt++)
        {
            if (!_pool.TryRent(ports))
            {
                return PortRefusal.PortsExhausted;
            }

            var refusal = TryBindAll(ports, shard, bound, out var busy);
            if (refusal == PortRefusal.None && busy == 0)
            {
                return PortRefusal.None;
            }

            if (refusal != PortRefusal.None)
            {
                return refusal;
            }
        }

        return PortRefusal.PortsExhausted;
    }

    private PortRefusal TryBindAll(ReadOnlySpan<ushort> ports, int shard, OpenPair[] bound, out int busy)
    {
        busy = 0;
        var refusal = PortRefusal.None;
        for (var i = 0; i < ports.Length; i++)
        {
            var pair = TryBindPair(ports[i], shard, out var error);
            bound[i] = pair!;
            if (pair is null)
            {
                busy++;
                refusal = error switch
                {
                    SocketError.AddressAlreadyInUse or SocketError.AccessDenied => refusal,
                    SocketError.AddressNotAvailable => PortRefusal.AddressUnavailable,
                    _ => PortRefusal.SocketsExhausted,
                };
            }
        }

        if (busy == 0)
        {
            return PortRefusal.None;
        }

        for (var i = 0; i < ports.Length; i++)
        {
            if (bound[i] is { } unused)
            {
                unused.Rtp.Dispose();
                unused.Rtcp.Dispose();
                _pool.ReturnUnused(ports[i]);
            }
            else
            {
                _pool.Return(ports[i]);
            }
        }

        return refusal;
    }

    private OpenPair? TryBindPair(ushort rtpPort, int shard, out SocketError error)
    {
        var bytes = _options.ReceiveBufferBytes;
        var rtp = UdpPort.TryBind(_options.Address, rtpPort, bytes, out error);
        if (rtp is null)
        {
            return null;
        }

        var rtcp = UdpPort.TryBind(_options.Address, (ushort)(rtpPort + 1), bytes, out error);
        if (rtcp is null)
        {
            rtp.Dispose();
            return null;
        }

        return new OpenPair(new PortPair(rtpPort, shard), rtp, rtcp);
    }

    private sealed record OpenPair(PortPair Pair, UdpPort Rtp, UdpPort Rtcp);
}
