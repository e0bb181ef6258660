using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// One call as a border controller forks it to two recorders: two sessions of one SIPREC session id, the same packets,
/// and on either way other ones lost.
/// </summary>
internal sealed class ForkedCall : IDisposable
{
    public const int Packets = 150;
    public const int Samples = 160;

    private const int Seed = 2026;
    private const byte Silence = 0xD5;

    private static readonly TimeSpan PacketTime = TimeSpan.FromMilliseconds(20);

    private readonly Socket _media = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    /// <summary>Whether the first recorder gets a packet.</summary>
    public static bool ReachesFirst(int packet) => packet % 5 != 3;

    /// <summary>Whether the second one does. Four packets come to neither.</summary>
    public static bool ReachesSecond(int packet) => packet % 7 != 4;

    /// <summary>What must be heard: what came to either, silence in the place of the rest.</summary>
    public static short[] Heard()
    {
        var coded = Voice();
        foreach (var lost in Enumerable.Range(0, Packets).Where(i => !ReachesFirst(i) && !ReachesSecond(i)))
        {
            coded.AsSpan(lost * Samples, Samples).Fill(Silence);
        }

        return Wav.DecodeALaw(coded);
    }

    /// <summary>Places it, in real time.</summary>
    /// <param name="session">The SIPREC session's id.</param>
    /// <param name="first">The first recorder.</param>
    /// <param name="second">The second one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task PlaceAsync(
        string session, IPEndPoint first, IPEndPoint second, CancellationToken cancellationToken)
    {
        using var one = await FakeSrc.ConnectAsync(first, tcp: false, cancellationToken);
        using var other = await FakeSrc.ConnectAsync(second, tcp: false, cancellationToken);
        var firstPort = await InviteAsync(one, session, cancellationToken);
        var secondPort = await InviteAsync(other, session, cancellationToken);
        var voice = Voice();
        using var pace = new PeriodicTimer(PacketTime);
        for (var i = 0; i < Packets; i++)
        {
            var packet = Packet(i, voice.AsSpan(i * Samples, Samples));
            await SendAsync(ReachesFirst(i), firstPort, packet, cancellationToken);
            await SendAsync(ReachesSecond(i), secondPort, packet, cancellationToken);
            await pace.WaitForNextTickAsync(cancellationToken);
        }

        foreach (var src in (FakeSrc[])[one, other])
        {
            await src.SendAsync(src.Request("BYE", 2), cancellationToken);
            await src.ReceiveAsync("SIP/2.0 200 ", cancellationToken);
        }
    }

    public void Dispose() => _media.Dispose();

    // Noise: no packet sounds like another.
    private static byte[] Voice()
    {
        var coded = new byte[Packets * Samples];
        new Random(Seed).NextBytes(coded);
        return coded;
    }

    private static async Task<int> InviteAsync(FakeSrc src, string session, CancellationToken cancellationToken)
    {
        var offer = string.Join("\r\n",
            "v=0", "o=SRC 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
            "m=audio 12240 RTP/AVP 8", "a=label:1", "a=sendonly", "");
        await src.SendAsync(src.Invite(sdp: offer, metadata: FakeSrc.Metadata(session)), cancellationToken);
        var answer = await src.ReceiveAsync("SIP/2.0 200 ", cancellationToken);
        src.ToTag = FakeSrc.TagOf(answer);
        await src.SendAsync(src.Request("ACK", 1), cancellationToken);
        return int.Parse(
            answer.Split("\r\n").First(line => line.StartsWith("m=audio", StringComparison.Ordinal)).Split(' ')[1],
            CultureInfo.InvariantCulture);
    }

    private async Task SendAsync(bool reaches, int port, byte[] packet, CancellationToken cancellationToken)
    {
        if (reaches)
        {
            await _media.SendToAsync(packet, new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        }
    }

    private static byte[] Packet(int index, ReadOnlySpan<byte> payload)
    {
        var packet = new byte[12 + payload.Length];
        packet[0] = 0x80;
        packet[1] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(65_500 + index));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(index * Samples));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), 0x2ECD);
        payload.CopyTo(packet.AsSpan(12));
        return packet;
    }
}
