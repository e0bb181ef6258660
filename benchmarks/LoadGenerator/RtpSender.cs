using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Talreg.Benchmarks.LoadGenerator;

/// <summary>What a sender did.</summary>
/// <param name="Sent">Datagrams the kernel took, RTCP included.</param>
/// <param name="Seconds">How long it took.</param>
internal readonly record struct Offered(long Sent, double Seconds)
{
    internal double PerSecond => Sent / Seconds;
}

/// <summary>
/// Sends G.711 (172 bytes each, RFC 3551) to many ports on loopback from one socket and one thread. Streams take turns, so
/// that each stream's packets are evenly spaced and no two streams send at once; an RTCP sender report goes to the
/// port above with every 250th packet of a stream (5 s). Counts exactly what the kernel took. One thread.
/// </summary>
internal sealed unsafe class RtpSender : IDisposable
{
    private const int PacketBytes = 172;
    private const int ReportBytes = 28;
    private const int Batch = 64;
    private const int PacketsPerReport = 250;
    private const int SamplesPerPacket = 160;
    private const long PauseNs = 200_000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly LibC.SocketAddress* _addresses;
    private readonly LibC.MultiMessage* _messages;
    private readonly LibC.IoVector* _vectors;
    private readonly byte* _packets;
    private readonly uint[] _sequences;
    private readonly long[] _sent;
    private readonly int[] _ports;
    private long _batches;
    private int _stream;

    /// <summary>Makes a sender; its socket belongs to the network namespace of the calling thread.</summary>
    /// <param name="ports">The RTP port of each stream; 0 while it is silent.</param>
    internal RtpSender(IReadOnlyList<int> ports)
    {
        _ports = [.. ports];
        _sent = new long[ports.Count];
        _socket.SendBufferSize = 8 * 1024 * 1024;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _sequences = new uint[ports.Count];
        _addresses = (LibC.SocketAddress*)NativeMemory.AllocZeroed(
            (nuint)(2 * ports.Count * sizeof(LibC.SocketAddress)));
        for (var i = 0; i < 2 * ports.Count; i++)
        {
            _addresses[i].Family = LibC.AddressFamilyIPv4;
            _addresses[i].Address = BinaryPrimitives.ReverseEndianness(0x7F000001u);
        }

        _messages = (LibC.MultiMessage*)NativeMemory.AllocZeroed((nuint)(Batch * sizeof(LibC.MultiMessage)));
        _vectors = (LibC.IoVector*)NativeMemory.AllocZeroed((nuint)(Batch * sizeof(LibC.IoVector)));
        _packets = (byte*)NativeMemory.Alloc((nuint)(Batch * PacketBytes));
        for (var i = 0; i < Batch * PacketBytes; i++)
        {
            _packets[i] = (byte)((i * 131) + (i >> 8));
        }

        for (var i = 0; i < Batch; i++)
        {
            _vectors[i].Base = _packets + (i * PacketBytes);
            _messages[i].Header.Vectors = _vectors + i;
            _messages[i].Header.VectorCount = 1;
            _messages[i].Header.NameLength = (uint)sizeof(LibC.SocketAddress);
        }
    }

    /// <summary>Batches sent so far: when it has grown by two, a change of a stream is in force. Any thread.</summary>
    internal long Batches => Interlocked.Read(ref _batches);

    /// <summary>A silent stream speaks to a port from its first packet on. Any thread.</summary>
    internal void Begin(int stream, int port)
    {
        _sequences[stream] = 0;
        _sent[stream] = 0;
        Volatile.Write(ref _ports[stream], port);
    }

    /// <summary>A stream falls silent; see <see cref="Batches"/>. Any thread.</summary>
    internal void End(int stream) => Volatile.Write(ref _ports[stream], 0);

    /// <summary>Datagrams sent of a stream that has fallen silent, RTCP included.</summary>
    internal long Sent(int stream) => Volatile.Read(ref _sent[stream]);

    /// <summary>Keeps the calling thread on one processor.</summary>
    internal static void Pin(int processor)
    {
        var mask = 1UL << processor;
        if (LibC.SetAffinity(0, sizeof(ulong), &mask) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "sched_setaffinity");
        }
    }

    /// <summary>Sends for a time; returns when it is over.</summary>
    /// <param name="packetsPerSecond">Of every stream.</param>
    /// <param name="duration">How long.</param>
    /// <param name="cancellationToken">Ends it earlier.</param>
    internal Offered Send(
        double packetsPerSecond, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        var rate = packetsPerSecond * _sequences.Length;
        var total = (long)(rate * duration.TotalSeconds);
        var started = Stopwatch.GetTimestamp();
        long turns = 0;
        long sent = 0;
        while (turns < total && !cancellationToken.IsCancellationRequested)
        {
            var due = Math.Min(total, (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * rate));
            if (due == turns)
            {
                Pause();
                continue;
            }

            var count = Fill((int)Math.Min(due - turns, Batch - 1), out var taken);
            turns += taken;
            SendAll(count);
            sent += count;
            Interlocked.Increment(ref _batches);
        }

        return new Offered(sent, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    public void Dispose()
    {
        _socket.Dispose();
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_messages);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_packets);
    }

    // A packet of each of the next streams; a report takes a place of its own.
    private int Fill(int turns, out int taken)
    {
        var count = 0;
        taken = 0;
        while (taken < turns && count < Batch - 1)
        {
            count += Fill(count, _stream, Volatile.Read(ref _ports[_stream]));
            taken++;
            _stream = _stream + 1 == _sequences.Length ? 0 : _stream + 1;
        }

        return count;
    }

    private int Fill(int place, int stream, int port)
    {
        if (port == 0)
        {
            return 0;
        }

        var sequence = _sequences[stream]++;
        Write(place, stream * 2, port, sequence, report: false);
        var reports = sequence % PacketsPerReport == (uint)stream % PacketsPerReport;
        if (reports)
        {
            Write(place + 1, (stream * 2) + 1, port + 1, sequence, report: true);
        }

        var count = reports ? 2 : 1;
        Volatile.Write(ref _sent[stream], _sent[stream] + count);
        return count;
    }

    // RFC 3550 §5.1 and §6.4.1: the headers; what follows them is whatever the buffer holds.
    private void Write(int place, int address, int port, uint sequence, bool report)
    {
        _addresses[address].Port = BinaryPrimitives.ReverseEndianness((ushort)port);
        var packet = new Span<byte>(_packets + (place * PacketBytes), PacketBytes);
        var ssrc = 0x1000_0000u + (uint)(address / 2);
        packet[0] = 0x80;
        if (report)
        {
            packet[1] = 200;
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ReportBytes / 4) - 1);
            BinaryPrimitives.WriteUInt32BigEndian(packet[4..], ssrc);
        }
        else
        {
            packet[1] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)sequence);
            BinaryPrimitives.WriteUInt32BigEndian(packet[4..], sequence * SamplesPerPacket);
            BinaryPrimitives.WriteUInt32BigEndian(packet[8..], ssrc);
        }

        _vectors[place].Length = (nuint)(report ? ReportBytes : PacketBytes);
        _messages[place].Header.Name = _addresses + address;
    }

    private void SendAll(int count)
    {
        var socket = (int)_socket.SafeHandle.DangerousGetHandle();
        var done = 0;
        while (done < count)
        {
            var sent = LibC.SendMany(socket, _messages + done, (uint)(count - done), 0);
            if (sent < 0 && Marshal.GetLastPInvokeError() != LibC.Interrupted)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), "sendmmsg");
            }

            done += Math.Max(0, sent);
        }
    }

    private static void Pause()
    {
        var time = new LibC.TimeSpec { Nanoseconds = PauseNs };
        _ = LibC.Sleep(LibC.Monotonic, 0, &time, null);
    }
}
