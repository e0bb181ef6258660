using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Talreg.Silo.Demo;

/// <summary>One leg: a voice cut into RTP packets of 20 ms (RFC 3550 §5.1, RFC 3551 §4.5.14).</summary>
internal sealed class DemoLeg : IDisposable
{
    public const int SamplesPerPacket = 160;

    private const int HeaderSize = 12;
    private const byte PayloadTypeAlaw = 8;

    private readonly Socket _socket;
    private readonly byte[] _voice;
    private readonly DemoLegPlan _plan;
    private readonly byte[] _packet = new byte[HeaderSize + SamplesPerPacket];
    private readonly int _label;
    private readonly uint _ssrc;
    private readonly uint _firstTimestamp;
    private ushort _sequence;
    private bool _silentBefore = true;
    private int _sent;
    private int _errors;
    private DateTimeOffset? _firstAt;
    private DateTimeOffset? _lastAt;

    public DemoLeg(int label, IPAddress local, byte[] voice, DemoLegPlan plan)
    {
        _label = label;
        _voice = voice;
        _plan = plan;
        _socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(local, 0));
        var random = RandomNumberGenerator.GetBytes(10);
        _ssrc = BinaryPrimitives.ReadUInt32LittleEndian(random);
        _firstTimestamp = BinaryPrimitives.ReadUInt32LittleEndian(random.AsSpan(4));
        _sequence = BinaryPrimitives.ReadUInt16LittleEndian(random.AsSpan(8));
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Where the recorder wants this leg; null sends nothing.</summary>
    public IPEndPoint? Target { get; set; }

    /// <summary>Ticks of 20 ms from the ACK to this leg's end.</summary>
    public int Ticks => Delay + (_voice.Length / SamplesPerPacket);

    private int Delay => ToTicks(_plan.StartDelay);

    /// <summary>Sends the packet of one tick, if the plan has one there.</summary>
    public void Tick(int tick, TimeProvider time)
    {
        var index = tick - Delay;
        if (Target is null || index < 0 || (index + 1) * SamplesPerPacket > _voice.Length)
        {
            return;
        }

        // A pause leaves out packets but not time: timestamps go on, sequence numbers do not.
        if (_plan.Pauses.Any(pause => index >= ToTicks(pause.At) && index < ToTicks(pause.At + pause.Length)))
        {
            _silentBefore = true;
            return;
        }

        _packet[0] = 0x80;
        _packet[1] = (byte)(PayloadTypeAlaw | (_silentBefore ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(2), _sequence++);
        BinaryPrimitives.WriteUInt32BigEndian(_packet.AsSpan(4), _firstTimestamp + (uint)(index * SamplesPerPacket));
        BinaryPrimitives.WriteUInt32BigEndian(_packet.AsSpan(8), _ssrc);
        _voice.AsSpan(index * SamplesPerPacket, SamplesPerPacket).CopyTo(_packet.AsSpan(HeaderSize));
        _silentBefore = false;
        try
        {
            _socket.SendTo(_packet, Target);
            _lastAt = time.GetUtcNow();
            _firstAt ??= _lastAt;
            _sent++;
        }
        catch (SocketException)
        {
            // A closed port answers with ICMP, which the next send reports: the call goes on, the result says so.
            _errors++;
        }
    }

    public DemoLegResult Result() => new()
    {
        Label = _label,
        AnswerPort = Target?.Port ?? 0,
        Ssrc = _ssrc,
        PacketsSent = _sent,
        SendErrors = _errors,
        FirstAt = _firstAt,
        LastAt = _lastAt,
    };

    public void Dispose() => _socket.Dispose();

    private static int ToTicks(TimeSpan span) => (int)(span / DemoSbc.TickLength);
}
