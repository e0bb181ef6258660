using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Talreg.Hardware.Udp;

/// <summary>
/// The native memory of one shard: what recvmmsg fills, made once. Used by the shard's thread alone; every read
/// overwrites what the one before gave.
/// </summary>
internal sealed unsafe class ReceiveBlock : IDisposable
{
    /// <summary>How many datagrams one call reads at most.</summary>
    internal const int Capacity = 64;

    private const int NameBytes = 32;
    private const int ControlBytes = 128;
    private const int Alignment = 64;

    private readonly LibC.MultiMessage* _messages;
    private readonly LibC.IoVector* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private readonly byte* _payloads;
    private readonly int _maxDatagram;
    private readonly Datagram[] _datagrams = new Datagram[Capacity];
    private readonly uint[] _drops = new uint[Capacity];

    internal ReceiveBlock(int maxDatagramBytes)
    {
        _maxDatagram = maxDatagramBytes;
        _messages = (LibC.MultiMessage*)Allocate(sizeof(LibC.MultiMessage));
        _vectors = (LibC.IoVector*)Allocate(sizeof(LibC.IoVector));
        _names = Allocate(NameBytes);
        _controls = Allocate(ControlBytes);
        _payloads = Allocate(maxDatagramBytes);
        for (var i = 0; i < Capacity; i++)
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

    /// <summary>What <see cref="Describe"/> made of the last read.</summary>
    internal ReadOnlySpan<Datagram> Datagrams(int count) => _datagrams.AsSpan(0, count);

    /// <summary>By datagram: the kernel's drop counter when it was queued.</summary>
    internal ReadOnlySpan<uint> Drops(int count) => _drops.AsSpan(0, count);

    /// <summary>Reads what waits in a socket, up to <see cref="Capacity"/> datagrams.</summary>
    /// <returns>How many; 0 when none waits; minus errno when reading failed.</returns>
    internal int Read(int socket)
    {
        for (var i = 0; i < Capacity; i++)
        {
            // The kernel wrote the lengths of the last read over these.
            ref var header = ref _messages[i].Header;
            header.NameLength = NameBytes;
            header.ControlLength = ControlBytes;
        }

        var count = LibC.ReceiveMany(socket, _messages, Capacity, LibC.DontWait, null);
        if (count >= 0)
        {
            return count;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is LibC.TryAgain or LibC.Interrupted ? 0 : -error;
    }

    /// <summary>Turns what was read into datagrams.</summary>
    /// <param name="count">What <see cref="Read"/> gave.</param>
    /// <param name="port">The local port they were read from.</param>
    /// <param name="scan">The clock of this scan.</param>
    /// <param name="drops">The kernel's drop counter before them.</param>
    internal void Describe(int count, ushort port, in ScanClock scan, uint drops)
    {
        for (var i = 0; i < count; i++)
        {
            ref readonly var message = ref _messages[i];
            var stampNs = ReadControl(in message.Header, ref drops);
            var arrivalNs = scan.ToMonotonic(stampNs, out var estimated);
            var flags = estimated ? DatagramFlags.EstimatedArrival : DatagramFlags.None;
            if ((message.Header.Flags & LibC.Truncated) != 0)
            {
                flags |= DatagramFlags.Truncated;
            }

            _drops[i] = drops;
            _datagrams[i] = new Datagram(
                (nint)_vectors[i].Base,
                (int)Math.Min(message.Length, (uint)_maxDatagram),
                port,
                arrivalNs,
                ReadSource(message.Header.Name),
                flags);
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_messages);
        NativeMemory.AlignedFree(_vectors);
        NativeMemory.AlignedFree(_names);
        NativeMemory.AlignedFree(_controls);
        NativeMemory.AlignedFree(_payloads);
    }

    private static byte* Allocate(int elementBytes)
    {
        var bytes = (nuint)elementBytes * Capacity;
        var memory = (byte*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(memory, bytes);
        return memory;
    }

    // Control messages follow one another, each aligned to 8 bytes: length, level, type, then data (cmsg(3)).
    private static long ReadControl(ref readonly LibC.Message header, ref uint drops)
    {
        long stampNs = 0;
        var headerSize = (nuint)sizeof(LibC.ControlHeader);
        nuint position = 0;
        while (position + headerSize <= header.ControlLength)
        {
            var control = (LibC.ControlHeader*)(header.Control + position);
            if (control->Length < headerSize || control->Length > header.ControlLength - position)
            {
                break;
            }

            var data = (byte*)control + headerSize;
            if (control->Level == LibC.SocketLevel && control->Type == LibC.TimestampNs)
            {
                stampNs = (((long*)data)[0] * 1_000_000_000) + ((long*)data)[1];
            }
            else if (control->Level == LibC.SocketLevel && control->Type == LibC.ReceiveQueueOverflow)
            {
                drops = *(uint*)data;
            }

            position += (control->Length + 7) & ~(nuint)7;
        }

        return stampNs;
    }

    // sockaddr_in: family, port, 4 bytes; sockaddr_in6: family, port, flow, 16 bytes. Ports and addresses in network order.
    private static SourceAddress ReadSource(byte* name)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(name + 2, 2));
        return *(ushort*)name switch
        {
            LibC.AddressFamilyIPv4 => SourceAddress.FromIPv4(
                BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(name + 4, 4)), port),
            LibC.AddressFamilyIPv6 => SourceAddress.FromIPv6(new ReadOnlySpan<byte>(name + 8, 16), port),
            _ => default,
        };
    }
}
