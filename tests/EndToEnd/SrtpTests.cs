using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Talreg.Contracts.Calls;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>SRTP from the offer to the sealed call: keys by SDES (RFC 4568), over TLS and over clear SIP.</summary>
public sealed class SrtpTests : IDisposable
{
    private readonly Socket _media = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invite_with_keys_over_clear_sip_is_refused()
    {
        await using var recorder = await Recorder.StartAsync();
        using var src = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        var sender = new SrtpSealer("AES_CM_128_HMAC_SHA1_80", 1);
        await src.SendAsync(src.Invite(sdp: Offer(1, sender.CryptoLine(1))), Token);
        await src.ReceiveAsync("SIP/2.0 488 ", Token);
    }

    [Theory]
    [InlineData("AES_CM_128_HMAC_SHA1_80", SslProtocols.Tls12, false)]
    [InlineData("AES_CM_128_HMAC_SHA1_32", SslProtocols.Tls13, false)]
    [InlineData("AES_256_CM_HMAC_SHA1_80", SslProtocols.Tls12, true)]
    [InlineData("AEAD_AES_128_GCM", SslProtocols.Tls13, true)]
    public async Task Duty14_keys_over_tls_change_by_reinvite_without_a_gap(
        string suite, SslProtocols version, bool mutual)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-srtp-").FullName;
        using var authority = new FakeAuthority();
        using var issued = authority.Issue(["localhost"]);
        var (certificate, key) = authority.Write(folder, issued);
        await using var recorder = await Recorder.StartAsync(change: settings => settings with
        {
            SipTls = new SipTlsOptions
            {
                Listeners = [new IPEndPoint(IPAddress.Loopback, 0)],
                CertificatePath = certificate,
                KeyPath = key,
                TrustPath = mutual ? authority.WriteRoot(folder) : null,
            },
        });
        using var own = mutual ? authority.Issue(["sbc1.example.com"]) : null;
        using var src = await FakeSrc.ConnectAsync(
            recorder.SipTls!, tcp: true, Token, new FakeSrcTls(authority.Root, own) { Versions = version });
        var call = await RecordAsync(recorder, src, suite, "srtp-tls");
        Assert.DoesNotContain(CallFlags.KeysInClear, call.Flags);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Invite_with_keys_over_clear_sip_is_flagged_where_it_is_allowed()
    {
        await using var recorder = await Recorder.StartAsync(change: settings => settings with
        {
            SrtpKeysInClear = true,
        });
        using var src = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        var call = await RecordAsync(recorder, src, "AES_CM_128_HMAC_SHA1_32", "srtp-clear");
        Assert.Contains(CallFlags.KeysInClear, call.Flags);
    }

    public void Dispose() => _media.Dispose();

    // Five packets, a key change, five more; a forged one in between, and none of it lost.
    private async Task<CallDocument> RecordAsync(Recorder recorder, FakeSrc src, string suite, string session)
    {
        var first = new SrtpSealer(suite, 1);
        var second = new SrtpSealer(suite, 2);
        await src.SendAsync(src.Invite(sdp: Offer(1, first.CryptoLine(7)), metadata: FakeSrc.Metadata(session)), Token);
        var ok = await src.ReceiveAsync("SIP/2.0 200 ", Token);
        src.ToTag = FakeSrc.TagOf(ok);
        await src.SendAsync(src.Request("ACK", 1), Token);
        Assert.Contains($"a=crypto:7 {suite} inline:", ok, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(first.KeyAndSalt.Span), ok, StringComparison.Ordinal);
        var port = Port(ok);
        for (var i = 1; i <= 5; i++)
        {
            await SendAsync(port, first.Rtp(Packet(i)));
        }

        await SendAsync(port, [.. Packet(6), .. new byte[10]]);
        await src.SendAsync(
            src.Invite(2, Offer(2, second.CryptoLine(8)), FakeSrc.Metadata(session)), Token);
        Assert.Contains(
            $"a=crypto:8 {suite} inline:", await src.ReceiveAsync("SIP/2.0 200 ", Token), StringComparison.Ordinal);
        await src.SendAsync(src.Request("ACK", 2), Token);
        await SendAsync(port, first.Rtp(Packet(6)));
        for (var i = 7; i <= 10; i++)
        {
            await SendAsync(port, second.Rtp(Packet(i)));
        }

        await src.SendAsync(src.Request("BYE", 3), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        var call = await recorder.WaitForAsync(session, CallState.Sealed);
        var stream = Assert.Single(call.Takes).Streams[0];
        Assert.Equal((10, 0, 1), (stream.Packets, stream.Lost, stream.Unauthenticated));
        Assert.Contains(CallFlags.UnauthenticatedPackets, call.Flags);
        return call;
    }

    private async Task SendAsync(int port, byte[] packet) =>
        await _media.SendToAsync(packet, new IPEndPoint(IPAddress.Loopback, port), Token);

    private static byte[] Packet(int sequence)
    {
        var packet = new byte[172];
        packet[0] = 0x80;
        packet[1] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(sequence * 160));
        packet[11] = 1;
        packet.AsSpan(12).Fill(0x2A);
        return packet;
    }

    private static string Offer(int version, string crypto) => new StringBuilder()
        .Append(CultureInfo.InvariantCulture, $"v=0\r\no=SRC 1 {version} IN IP4 127.0.0.1\r\ns=-\r\n")
        .Append("c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 12240 RTP/SAVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n")
        .Append(crypto).Append("\r\na=label:1\r\na=sendonly\r\n").ToString();

    private static int Port(string answer) => int.Parse(
        answer.Split("\r\n").First(line => line.StartsWith("m=audio", StringComparison.Ordinal)).Split(' ')[1],
        CultureInfo.InvariantCulture);
}
