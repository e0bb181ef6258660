using System.Net.Sockets;
using System.Text;
using Talreg.Contracts.Calls;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>Bad input: named refusals, and audio that is recorded all the same.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task Malformed_invite_gets_400_and_bad_metadata_is_flagged_and_recorded()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var recorder = await Recorder.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(recorder.Sip, cancellationToken);
        var malformed =
            $"INVITE sip:srs@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {socket.LocalEndPoint};branch=z9hG4bKbad\r\n"
            + "From: <sip:sbc@127.0.0.1>;tag=1\r\nTo: <sip:srs@127.0.0.1>\r\nCall-ID: bad\r\n"
            + "CSeq: x INVITE\r\nContent-Length: 0\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(malformed), cancellationToken);
        var buffer = new byte[2048];
        var length = await socket.ReceiveAsync(buffer, cancellationToken);
        Assert.StartsWith("SIP/2.0 400 ", Encoding.ASCII.GetString(buffer, 0, length), StringComparison.Ordinal);

        using var source = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, cancellationToken);
        await source.SendAsync(source.Invite(metadata: "<recording><unclosed"), cancellationToken);
        var answer = await source.ReceiveAsync("SIP/2.0 200", cancellationToken);
        source.ToTag = FakeSrc.TagOf(answer);
        await source.SendAsync(source.Request("ACK", 1), cancellationToken);
        await SendPacketAsync(answer, cancellationToken);
        await Wait.UntilAsync(
            async () => (await recorder.SearchAsync("state=active")) is [{ Takes.Count: 1 }],
            "the flagged call to be live");
        await source.SendAsync(source.Request("BYE", 2), cancellationToken);
        await source.ReceiveAsync("SIP/2.0 200", cancellationToken);
        var call = await recorder.WaitForAsync(source.CallId, CallState.Sealed);
        Assert.Contains(CallFlags.MetadataInvalid, call.Flags);
        Assert.Equal(1, call.Takes[0].Streams[0].Packets);
    }

    private static async Task SendPacketAsync(string answer, CancellationToken cancellationToken)
    {
        var line = answer.Split("\r\n").First(text => text.StartsWith("m=audio", StringComparison.Ordinal));
        var port = int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        using var media = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var packet = new byte[172];
        packet[0] = 0x80;
        packet[1] = 8;
        await media.SendToAsync(
            packet, new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port), cancellationToken);
    }
}
