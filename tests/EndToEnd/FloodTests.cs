using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Talreg.Contracts.Calls;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>While somebody floods the signalling, a neighbour's call loses no packet and ends in order.</summary>
public sealed class FloodTests
{
    private const int Packets = 150;
    private const int FloodSize = 20_000;

    [Theory]
    [InlineData("INVITE")]
    [InlineData("OPTIONS")]
    [InlineData("REGISTER")]
    [InlineData("noise")]
    public async Task Flood_costs_a_neighbour_no_packet(string kind)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var recorder = await Recorder.StartAsync(ports: 200);
        using var src = await FakeSrc.ConnectAsync(recorder.SipTcp, tcp: true, cancellationToken);
        await src.SendAsync(src.Invite(metadata: FakeSrc.Metadata("neighbour")), cancellationToken);
        var ok = await src.ReceiveAsync("SIP/2.0 200 ", cancellationToken);
        src.ToTag = FakeSrc.TagOf(ok);
        await src.SendAsync(src.Request("ACK", 1), cancellationToken);

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var flood = Task.Run(() => FloodAsync(recorder.Sip, kind, over.Token), cancellationToken);
        await SendVoiceAsync(ok, cancellationToken);
        await over.CancelAsync();
        var sent = await flood;
        TestContext.Current.TestOutputHelper?.WriteLine($"{sent} messages of {kind} meanwhile");
        Assert.True(sent > Packets, $"only {sent} messages were sent meanwhile: no flood");

        await src.SendAsync(src.Request("BYE", 2), cancellationToken);
        await src.ReceiveAsync("SIP/2.0 200 ", cancellationToken);
        var call = await recorder.WaitForAsync("neighbour", CallState.Sealed);
        var stream = call.Takes.Single().Streams[0];
        Assert.Equal((Packets, 0L, 0L), (stream.Packets, stream.Lost, stream.KernelDrops));
    }

    private static async Task SendVoiceAsync(string answer, CancellationToken cancellationToken)
    {
        var line = answer.Split("\r\n").First(text => text.StartsWith("m=audio", StringComparison.Ordinal));
        var port = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        using var media = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var sequence = 0; sequence < Packets; sequence++)
        {
            var packet = new byte[172];
            (packet[0], packet[1], packet[3], packet[11]) = (0x80, 8, (byte)sequence, 1);
            await media.SendToAsync(packet, new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static async Task<int> FloodAsync(IPEndPoint recorder, string kind, CancellationToken cancellationToken)
    {
        using var attacker = await FakeSrc.ConnectAsync(recorder, tcp: false, CancellationToken.None);
        var sent = 0;
        for (; sent < FloodSize && !cancellationToken.IsCancellationRequested; sent++)
        {
            var message = kind switch
            {
                "noise" => new string((char)('!' + (sent % 90)), 1 + (sent % 1_400)),
                "INVITE" => attacker.Invite().Replace(attacker.CallId, "flood" + sent, StringComparison.Ordinal),
                _ => attacker.Request(kind, 1).Replace(attacker.CallId, "flood" + sent, StringComparison.Ordinal),
            };
            await attacker.SendBytesAsync(Encoding.UTF8.GetBytes(message), CancellationToken.None);
        }

        return sent;
    }
}
