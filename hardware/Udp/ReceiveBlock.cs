using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Talreg.Hardware.Udp;

/// <summary>
/// The native memory of one shard: what recvmmsg fills, made once. Used by the shard's thread alone; every read
/// overwrites what the one before gave.
/// </summary>
internal sealed unsafe class ReceiveBlock : IDisposable
{
    private const int NameBytes = 32;
    private const int ControlBytes = 128;
    private const int Alignment = 64;

    private readonly LibC.MultiMessage* _messages;
    private readonly LibC.IoVector* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private readonly byte* _payloads;
    private readonly int _capacity;
    private readonly int _maxDatagram;
    private readonly Datagram[] _datagrams;
    private readonly uint[] _drops;
    private int _used;

    /// <summary>Takes memory for a number of datagrams per read.</summary>
    internal ReceiveBlock(int capacity, int maxDatagramBytes)
    {
        _capacity = capacity;
        _maxDatagram = maxDatagramBytes;
        _datagrams = new Datagram[capacity];
        _drops = new uint[capacity];
        _messages = (LibC.MultiMessage*)Allocate(sizeof(LibC.MultiMessage));
        _vectors = (LibC.IoVector*)Allocate(sizeof(LibC.IoVector));
        _names = Allocate(NameBytes);
        _controls = Allocate(ControlBytes);
        _payloads = Allocate(maxDatagramBytes);
        _used = capacity;
        for (var i = 0; i < capacity; i++)
        {
            _vectors[i].Base = _payloads + ((nint)i * maxDatagramBytes);
            _vectors[i].Length = (nuint)maxDatagramBytes;
            ref var header = ref _messages[i].Header;
            header.Name = _names + (i * NameBytes);
            header.Vectors = _vectors + i;
            header.VectorCount = 1;
            header.Control = _controls + (i * ControlBytes);
        }
    }

    /// <summary>What was made of the last read.</summary>
    internal ReadOnlySpan<Datagram> Datagrams(int count) => _datagrams.AsSpan(0, count);

    /// <summary>By datagram: the kernel's drop counter when it was queued.</summary>
    internal ReadOnlySpan<uint> Drops(int count) => _drops.AsSpan(0, count);

    /// <summary>Reads what waits in a socket, up to the block's capacity.</summary>
    /// <returns>How many; 0 when none waits; minus errno when reading failed.</returns>
    internal int Read(int socket)
    {
        for (var i = 0; i < _used; i++)
        {
            // The kernel wrote the lengths of the last read over these.
            ref var header = ref _messages[i].Header;
            header.NameLength = NameBytes;
            header.ControlLength = ControlBytes;
        }

        var count = LibC.ReceiveMany(socket, _messages, (uint)_capacity, LibC.DontWait, null);
        _used = Math.Max(count, 0);
        if (count >= 0)
        {
            return count;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is LibC.TryAgain or LibC.Interrupted ? 0 : -error;
    }

    /// <summary>Turns what was read from the socket of one port into datagrams.</summary>
    /// <param name="count">What <see cref="Read"/> gave.</param>
    /// <param name="port">The local port.</param>
    /// <param name="openedNs">When it was opened, monotonic.</param>
    /// <param name="scan">The clock of this read.</param>
    /// <param name="drops">The kernel's drop counter before them.</param>
    internal void Describe(int count, ushort port, long openedNs, in ScanClock scan, uint drops)
    {
        for (var i = 0; i < count; i++)
        {
            var control = ReadControl(i, drops);
            drops = control.Drops;
            Put(i, i, port, openedNs, control, scan);
        }
    }

    /// <summary>Turns what was read from a socket of many ports into datagrams; those to a port not open are left out.</summary>
    /// <param name="count">What <see cref="Read"/> gave.</param>
    /// <param name="openedNs">By local port: when it was opened, monotonic; 0 for a port not open.</param>
    /// <param name="scan">The clock of this read.</param>
    /// <param name="drops">The kernel's drop counter before them.</param>
    /// <returns>How many there are.</returns>
    internal int DescribeGathered(int count, ReadOnlySpan<long> openedNs, in ScanClock scan, uint drops)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            var control = ReadControl(i, drops);
            drops = control.Drops;
            var opened = openedNs[control.LocalPort];
            if (opened != 0)
            {
                Put(i, kept++, control.LocalPort, opened, control, scan);
            }
        }

        return kept;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_messages);
        NativeMemory.AlignedFree(_vectors);
        NativeMemory.AlignedFree(_names);
        NativeMemory.AlignedFree(_controls);
        NativeMemory.AlignedFree(_payloads);
    }

    private byte* Allocate(int elementBytes)
    {
        var bytes = (nuint)elementBytes * (nuint)_capacity;
        var memory = (byte*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(memory, bytes);
        return memory;
    }

    private void Put(int message, int place, ushort port, long openedNs, Control control, in ScanClock scan)
    {
        ref readonly var read = ref _messages[message];
        var arrivalNs = scan.ToMonotonic(control.StampNs, openedNs, out var estimated);
        var flags = estimated ? DatagramFlags.EstimatedArrival : DatagramFlags.None;
        if ((read.Header.Flags & LibC.Truncated) != 0)
        {
            flags |= DatagramFlags.Truncated;
        }

        _drops[place] = control.Drops;
        _datagrams[place] = new Datagram(
            (nint)_vectors[message].Base,
            (int)Math.Min(read.Length, (uint)_maxDatagram),
            port,
            arrivalNs,
            ReadSource(read.Header.Name),
            flags);
    }

    // Control messages follow one another, each aligned to 8 bytes: length, level, type, then data (cmsg(3)). The drop
    // counter is left out by the kernel while it is 0.
    private Control ReadControl(int message, uint drops)
    {
        ref readonly var header = ref _messages[message].Header;
        var control = new Control { Drops = drops };
        var headerSize = (nuint)sizeof(LibC.ControlHeader);
        nuint position = 0;
        while (position + headerSize <= header.ControlLength)
        {
            var next = (LibC.ControlHeader*)(header.Control + position);
            if (next->Length < headerSize || next->Length > header.ControlLength - position)
            {
                break;
            }

            var data = (byte*)next + headerSize;
            switch ((next->Level, next->Type))
            {
                case (LibC.SocketLevel, LibC.TimestampNs):
                    control.StampNs = (((long*)data)[0] * 1_000_000_000) + ((long*)data)[1];
                    break;
                case (LibC.SocketLevel, LibC.ReceiveQueueOverflow):
                    control.Drops = *(uint*)data;
                    break;
                case (LibC.IPv4Level, LibC.IPv4OriginalDestination):
                case (LibC.IPv6Level, LibC.IPv6OriginalDestination):
                    control.LocalPort = ReadPort(data);
                    break;
                default:
                    break;
            }

            position += (next->Length + 7) & ~(nuint)7;
        }

        return control;
    }

    // sockaddr_in: family, port, 4 bytes; sockaddr_in6: family, port, flow, 16 bytes. Ports and addresses in network order.
    private static SourceAddress ReadSource(byte* name) => *(ushort*)name switch
    {
        LibC.AddressFamilyIPv4 => SourceAddress.FromIPv4(
            BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(name + 4, 4)), ReadPort(name)),
        LibC.AddressFamilyIPv6 => SourceAddress.FromIPv6(new ReadOnlySpan<byte>(name + 8, 16), ReadPort(name)),
        _ => default,
    };

    private static ushort ReadPort(byte* name) =>
        BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(name + 2, 2));

    // What comes beside a datagram.
    private struct Control
    {
        internal long StampNs;
        internal uint Drops;
        internal ushort LocalPort;
    }
}
