using System.Net.Sockets;

namespace Talreg.Hardware.Udp.Gather;

/// <summary>The sockets of a device's shards and what steers ports into them; disposed as one, steering first.</summary>
internal sealed class Gathering : IDisposable
{
    private readonly GatherSocket[] _sockets;
    private readonly Steering _steering;

    private Gathering(GatherSocket[] sockets, Steering steering)
    {
        _sockets = sockets;
        _steering = steering;
    }

    /// <summary>Makes one socket per shard and puts the steering in force.</summary>
    /// <exception cref="GatherUnavailableException">This process may not, or this kernel cannot.</exception>
    internal static Gathering Begin(UdpDeviceOptions options)
    {
        var sockets = new List<GatherSocket>(options.Shards);
        Steering? steering = null;
        try
        {
            while (sockets.Count < options.Shards)
            {
                sockets.Add(new GatherSocket(options.Address, options.ShardBufferBytes));
            }

            steering = Steering.Begin(options.Address, sockets.ToArray());
            return new Gathering([.. sockets], steering);
        }
        catch (SocketException failure)
        {
            throw new GatherUnavailableException(
                GatherRefusal.Resources, $"the system gives no socket: {failure.Message}", failure);
        }
        finally
        {
            if (steering is null)
            {
                sockets.ForEach(socket => socket.Dispose());
            }
        }
    }

    /// <summary>Makes the shard that reads one of the sockets.</summary>
    internal GatherShard Shard(int index, UdpDeviceOptions options, ICaptureSink sink) =>
        new(index, _sockets[index], _steering, options, sink);

    public void Dispose()
    {
        _steering.Dispose();
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }
    }
}
