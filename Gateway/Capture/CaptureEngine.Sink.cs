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
        public void OnBatch(in DatagramBatch batch)
        {
            var shard = engine._shards[batch.Shard];
            shard.Totals.Received += batch.Datagrams.Length;
            var rest = batch.Datagrams;
            while (!rest.IsEmpty)
            {
                var port = rest[0].LocalPort;
                var run = 1;
                while (run < rest.Length && rest[run].LocalPort == port)
                {
                    run++;
                }

                if (engine._routes[port] is { } stream)
                {
                    stream.Receive(rest[..run], batch.RealTimeOffsetNs);
                }
                else
                {
                    shard.Totals.Unrouted += run;
                }

                rest = rest[run..];
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
