using System.Collections.Concurrent;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Pcap;

/// <summary>
/// Replays pcap and pcapng files: for tests, for demonstrations, and to take in what another tool captured. It has one
/// shard and listens to nothing.
/// </summary>
public sealed class PcapDevice : ICaptureDevice
{
    private readonly PcapDeviceOptions _options;
    private readonly PortPool _pool;
    private readonly ConcurrentDictionary<ushort, PortPair> _open = new();
    private PcapShard? _shard;
    private int _started;
    private volatile bool _stopped;

    /// <summary>Makes a device.</summary>
    /// <param name="options">Ports and speed.</param>
    /// <param name="time">Measures the cool-down of ports; the system's when null.</param>
    /// <exception cref="ArgumentException">The range holds no pair.</exception>
    public PcapDevice(PcapDeviceOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _pool = new PortPool(options.Ports, time ?? TimeProvider.System);
    }

    /// <inheritdoc />
    public int ShardCount => 1;

    /// <inheritdoc />
    public int FreePairs => _pool.Free;

    private PcapShard Shard => _shard ?? throw new InvalidOperationException("The device is not started.");

    /// <inheritdoc />
    public void Start(ICaptureSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidOperationException("The device was started before.");
        }

        _shard = new PcapShard(_options, sink);
        _shard.Start();
    }

    /// <summary>
    /// Replays a file, behind those that are being replayed. Destinations become ports by the rule of
    /// <see cref="PcapDeviceOptions.Mapping"/>; open the ports before.
    /// </summary>
    /// <param name="file">Read on the shard's thread until the task has completed; disposed by the caller.</param>
    /// <returns>What became of its frames, when its last one was handed up.</returns>
    /// <exception cref="CaptureFileException">It is no capture file, or damaged; what stood before was handed up.</exception>
    /// <exception cref="InvalidOperationException">More commands are waiting than may.</exception>
    /// <exception cref="OperationCanceledException">The device was disposed meanwhile.</exception>
    public async Task<PcapReport> PlayAsync(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var replay = new PcapReplay(CaptureFile.Open(file));
        if (!await Shard.PostAsync(replay).ConfigureAwait(false))
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            throw new InvalidOperationException($"The replay has {PcapShard.MaxCommands} commands waiting.");
        }

        return await replay.Done.ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask<PortGrant> OpenAsync(
        int pairs, int? shard = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNotEqual(shard ?? 0, 0, nameof(shard));
        var target = Shard;
        if (_stopped)
        {
            return PortGrant.Refused(PortRefusal.Stopped);
        }

        var ports = new ushort[pairs];
        if (!_pool.TryRent(ports))
        {
            return PortGrant.Refused(PortRefusal.PortsExhausted);
        }

        var granted = Array.ConvertAll(ports, port => new PortPair(port, 0));
        for (var i = 0; i < granted.Length; i++)
        {
            _open[granted[i].Rtp] = granted[i];
            if (!await target.PostAsync(granted[i], open: true).ConfigureAwait(false))
            {
                await GiveBackAsync(granted, i).ConfigureAwait(false);
                return PortGrant.Refused(_stopped ? PortRefusal.Stopped : PortRefusal.ShardBusy);
            }
        }

        if (cancellationToken.IsCancellationRequested)
        {
            await GiveBackAsync(granted, granted.Length).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return new PortGrant(PortRefusal.None, granted);
    }

    /// <inheritdoc />
    public async ValueTask CloseAsync(PortPair pair)
    {
        if (!_open.TryRemove(pair.Rtp, out var open))
        {
            return;
        }

        while (!await Shard.PostAsync(open, open: false).ConfigureAwait(false) && !_stopped)
        {
            await Task.Yield();
        }

        _pool.Return(pair.Rtp);
    }

    /// <inheritdoc />
    public void Wake(int shard)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(shard, 0);
        if (!_stopped)
        {
            Shard.Wake();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        if (_shard is { } shard)
        {
            await shard.StopAsync().ConfigureAwait(false);
            shard.Dispose();
        }

        _open.Clear();
    }

    private async Task GiveBackAsync(PortPair[] pairs, int opened)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            if (i < opened)
            {
                await CloseAsync(pairs[i]).ConfigureAwait(false);
            }
            else
            {
                _open.TryRemove(pairs[i].Rtp, out _);
                _pool.ReturnUnused(pairs[i].Rtp);
            }
        }
    }
}
