using Talreg.Hardware.Ports;

namespace Talreg.Hardware;

/// <summary>
/// Where packets come from. A device owns its shards: dedicated threads that read many ports each and hand what they read
/// to one sink. Only two messages go up: a batch of datagrams and an event. Everything else here may be called from any
/// thread; nothing here takes a lock that a shard thread takes.
/// </summary>
public interface ICaptureDevice : IAsyncDisposable
{
    /// <summary>How many shards there are; they are numbered from 0. Never changes.</summary>
    int ShardCount { get; }

    /// <summary>How many pairs could be opened now, other programs' ports not considered.</summary>
    int FreePairs { get; }

    /// <summary>Starts the shards. Called once, before any port is opened.</summary>
    /// <param name="sink">Gets everything, on the shard's thread, until the device is disposed.</param>
    void Start(ICaptureSink sink);

    /// <summary>
    /// Opens pairs of ports, adjacent where the range allows. On completion the sink has seen
    /// <see cref="DeviceEventKind.PortOpened"/> of each port and datagrams flow.
    /// </summary>
    /// <param name="pairs">How many: 1 to <see cref="PortPool.MaxPairsPerRequest"/>.</param>
    /// <param name="shard">The shard that is to read them; null lets the device choose.</param>
    /// <param name="cancellationToken">Ends the wait; the ports that were opened are closed again.</param>
    /// <returns>The pairs, or a named refusal.</returns>
    ValueTask<PortGrant> OpenAsync(int pairs, int? shard = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Closes a pair. What had arrived is delivered first; on completion the sink has seen
    /// <see cref="DeviceEventKind.PortClosed"/> of both ports and gets nothing of them any more. The pair cools down before
    /// it is used again. A pair that is not open is ignored.
    /// </summary>
    ValueTask CloseAsync(PortPair pair);

    /// <summary>A <see cref="DeviceEventKind.Tick"/> of this shard follows at once instead of at its time.</summary>
    void Wake(int shard);
}

/// <summary>Takes what a device reads. Every call of one shard comes on that shard's thread, one after another.</summary>
public interface ICaptureSink
{
    /// <summary>Datagrams, per port in the order they arrived. Memory is valid until the method returns.</summary>
    void OnBatch(in DatagramBatch batch);

    /// <summary>Something other than datagrams; a tick comes at least every 100 ms.</summary>
    void OnEvent(in DeviceEvent deviceEvent);
}
