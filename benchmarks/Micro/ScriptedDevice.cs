using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Talreg.Hardware;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;

namespace Talreg.Benchmarks.Micro;

/// <summary>A device without a network: its shard is the calling thread, its clock goes as told.</summary>
/// <param name="batch">Packets of one delivery.</param>
internal sealed unsafe class ScriptedDevice(int batch) : ICaptureDevice
{
    private const int FirstPort = 20000;

    private readonly Datagram[] _datagrams = new Datagram[batch];
    private readonly byte* _packets = (byte*)NativeMemory.AllocZeroed((nuint)(batch * Steps.PacketBytes));
    private readonly SourceAddress _source = SourceAddress.FromIPv4(0x7F000001, 4000);
    private ICaptureSink? _sink;
    private ushort _next = FirstPort;
    private long _nowNs = MachineClock.MonotonicNs();

    internal int Batch => batch;

    public int ShardCount => 1;

    public int FreePairs => int.MaxValue;

    public void Start(ICaptureSink sink) => _sink = sink;

    public ValueTask<PortGrant> OpenAsync(int pairs, int? shard = null, CancellationToken cancellationToken = default)
    {
        var granted = new PortPair[pairs];
        for (var i = 0; i < pairs; i++, _next += 2)
        {
            granted[i] = new PortPair(_next, 0);
        }

        return new(new PortGrant(PortRefusal.None, granted));
    }

    public ValueTask CloseAsync(PortPair pair) => ValueTask.CompletedTask;

    public void Wake(int shard) => Advance(0);

    /// <summary>Media time passes.</summary>
    internal void Advance(long ns)
    {
        _nowNs += ns;
        _sink!.OnEvent(new DeviceEvent
        {
            Kind = DeviceEventKind.Tick,
            Shard = 0,
            Clock = new ClockReading(_nowNs, 0, ClockState.Unknown, 0),
        });
    }

    /// <summary>Delivers the next packets of a stream.</summary>
    internal void Deliver(int stream, ushort sequence)
    {
        for (var i = 0; i < batch; i++)
        {
            var packet = new Span<byte>(_packets + (i * Steps.PacketBytes), Steps.PacketBytes);
            packet[0] = 0x80;
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(sequence + i));
            BinaryPrimitives.WriteInt32BigEndian(packet[8..], stream);
            _datagrams[i] = new Datagram(
                (nint)(_packets + (i * Steps.PacketBytes)),
                Steps.PacketBytes,
                (ushort)(FirstPort + (2 * stream)),
                _nowNs,
                _source,
                DatagramFlags.None);
        }

        _sink!.OnBatch(new DatagramBatch
        {
            Shard = 0,
            RealTimeOffsetNs = 0,
            Datagrams = _datagrams,
        });
    }

    public ValueTask DisposeAsync()
    {
        NativeMemory.Free(_packets);
        return ValueTask.CompletedTask;
    }
}
