using Talreg.Hardware;

namespace Talreg.Capture;

/// <summary>What the device says, on its shards' threads.</summary>
public sealed partial class CaptureEngine
{
    private void OnKernelDrops(CaptureShard shard, ushort port, long count)
    {
        shard.Totals.KernelDrops += count;
        if (port == 0)
        {
            shard.OnSharedKernelDrops(count);
        }
        else
        {
            _routes[port]?.OnKernelDrops(count, shared: false);
        }
    }

    private sealed class Sink(CaptureEngine engine) : ICaptureSink
    {
        // In datagrams: memory takes about as long as a few of them.
        private const int FarAhead = 12;
        private const int NearAhead = 6;

        public void OnBatch(in DatagramBatch batch)
        {
            var shard = engine._shards[batch.Shard];
            var datagrams = batch.Datagrams;
            shard.Totals.Received += datagrams.Length;
            if (datagrams[0].LocalPort == datagrams[^1].LocalPort)
            {
                Route(shard, datagrams, batch.RealTimeOffsetNs);
                return;
            }

            // Of many ports: while one stream's packet is taken in, what the next ones need is fetched.
            for (var i = 0; i < Math.Min(FarAhead, datagrams.Length); i++)
            {
                engine._routes[datagrams[i].LocalPort]?.Prefetch();
            }

            for (var i = 0; i < datagrams.Length; i++)
            {
                if (i + FarAhead < datagrams.Length)
                {
                    engine._routes[datagrams[i + FarAhead].LocalPort]?.Prefetch();
                }

                if (i + NearAhead < datagrams.Length)
                {
                    ref readonly var near = ref datagrams[i + NearAhead];
                    engine._routes[near.LocalPort]?.PrefetchPlace(near.Length);
                }

                Route(shard, datagrams.Slice(i, 1), batch.RealTimeOffsetNs);
            }
        }

        private void Route(CaptureShard shard, ReadOnlySpan<Datagram> datagrams, long realTimeOffsetNs)
        {
            while (!datagrams.IsEmpty)
            {
                var port = datagrams[0].LocalPort;
                var run = 1;
                while (run < datagrams.Length && datagrams[run].LocalPort == port)
                {
                    run++;
                }

                if (engine._routes[port] is { } stream)
                {
                    // First the call: it counts there too.
                    var stored = stream.Receive(datagrams[..run], realTimeOffsetNs);
                    shard.Totals.Stored += stored;
                }
                else
                {
                    shard.Totals.Unrouted += run;
                }

                datagrams = datagrams[run..];
            }
        }

        public void OnEvent(in DeviceEvent deviceEvent)
        {
            var shard = engine._shards[deviceEvent.Shard];
            switch (deviceEvent.Kind)
            {
                case DeviceEventKind.Tick:
                    shard.OnTick(deviceEvent.Clock);
                    break;
                case DeviceEventKind.KernelDrops:
                    engine.OnKernelDrops(shard, deviceEvent.LocalPort, deviceEvent.Count);
                    break;
                case DeviceEventKind.PortFailed:
                    shard.Totals.PortFailures++;
                    engine._routes[deviceEvent.LocalPort]?.OnPortFailed((int)deviceEvent.Count);
                    break;
                default:
                    break;
            }
        }
    }
}
