using System.Buffers.Binary;
using System.Collections.Concurrent;
using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Tests;

/// <summary>Keeps copies of everything a device says.</summary>
public sealed class RecordingSink : ICaptureSink
{
    private int _ticks;
    private long _drops;

    public ConcurrentQueue<Received> Datagrams { get; } = new();

    public ConcurrentQueue<DeviceEvent> Events { get; } = new();

    public int Ticks => Volatile.Read(ref _ticks);

    public ClockReading LastClock { get; private set; }

    /// <summary>Drops told so far.</summary>
    public long Drops => Volatile.Read(ref _drops);

    public void OnBatch(in DatagramBatch batch)
    {
        foreach (ref readonly var datagram in batch.Datagrams)
        {
            Datagrams.Enqueue(new Received(
                batch.Shard,
                datagram.LocalPort,
                datagram.Bytes.ToArray(),
                datagram.ArrivalNs,
                datagram.Source,
                datagram.Flags,
                Drops));
        }
    }

    public void OnEvent(in DeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind == DeviceEventKind.Tick)
        {
            LastClock = deviceEvent.Clock;
            Interlocked.Increment(ref _ticks);
            return;
        }

        Interlocked.Add(ref _drops, deviceEvent.Kind == DeviceEventKind.KernelDrops ? deviceEvent.Count : 0);
        Events.Enqueue(deviceEvent);
    }

    /// <summary>A copy of a datagram.</summary>
    /// <param name="Shard">Who read it.</param>
    /// <param name="Port">The local port.</param>
    /// <param name="Bytes">Its payload.</param>
    /// <param name="ArrivalNs">When it came.</param>
    /// <param name="Source">Who sent it.</param>
    /// <param name="Flags">What else is known.</param>
    /// <param name="DropsBefore">Drops told before it.</param>
    public sealed record Received(
        int Shard,
        ushort Port,
        byte[] Bytes,
        long ArrivalNs,
        SourceAddress Source,
        DatagramFlags Flags,
        long DropsBefore)
    {
        /// <summary>The number in its first four bytes.</summary>
        public int Number => BinaryPrimitives.ReadInt32BigEndian(Bytes);
    }
}

/// <summary>Measures what the shard's thread allocates from one datagram to another, ticks between them included.</summary>
/// <param name="skip">Datagrams before.</param>
/// <param name="count">Datagrams while measuring.</param>
public sealed class AllocationSink(int skip, int count) : ICaptureSink
{
    private long _received;
    private long _start = -1;
    private long _allocated = -1;

    /// <summary>Bytes allocated, once it is known.</summary>
    public long? Allocated => Volatile.Read(ref _allocated) is var bytes and >= 0 ? bytes : null;

    public void OnBatch(in DatagramBatch batch)
    {
        _received += batch.Datagrams.Length;
        if (_received >= skip && _start < 0)
        {
            _start = GC.GetAllocatedBytesForCurrentThread();
        }
        else if (_received >= skip + count && _allocated < 0)
        {
            Volatile.Write(ref _allocated, GC.GetAllocatedBytesForCurrentThread() - _start);
        }
    }

    public void OnEvent(in DeviceEvent deviceEvent)
    {
    }
}
