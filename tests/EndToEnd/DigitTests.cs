using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Talreg.Api.Recordings;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// Keys pressed while card data may follow: over real sockets, by command and by policy. What was sent meanwhile must be
/// nowhere: not in the opened recording, not in any file.
/// </summary>
public sealed class DigitTests : IDisposable
{
    private const byte Event = 101;

    private readonly Socket _media = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private int _sequence;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Suppress_digits_by_command_reaches_every_take_and_leaves_nothing_of_them()
    {
        const string InfoDigits = "7319488205";
        await using var recorder = await Recorder.StartAsync();

        // A first call makes the cluster warm: the two sessions must not be admitted without its word.
        using var warm = await EstablishAsync(recorder, "warm");
        await EndAsync(warm.Src);
        await recorder.WaitForAsync("warm", CallState.Sealed);
        using var first = await EstablishAsync(recorder, "card");
        using var second = await EstablishAsync(recorder, "card");
        var before = Key(1);
        await SendAsync(first.Port, before);
        var call = await recorder.LiveAsync();
        await CommandAsync(recorder, call, "suppress-digits?reason=card%20number");
        List<byte[]> suppressed = [.. Enumerable.Range(2, 20).Select(digit => Key(digit))];
        foreach (var packet in suppressed)
        {
            await SendAsync(first.Port, packet);
            await SendAsync(second.Port, packet);
        }

        await first.Src.SendAsync(
            first.Src.Request(
                "INFO", 2, contentType: "application/dtmf-relay", body: $"Signal={InfoDigits}\r\nDuration=160\r\n"),
            Token);
        await first.Src.ReceiveAsync("SIP/2.0 ", Token);
        await SendAsync(first.Port, Voice());
        await Wait.UntilAsync(
            async () => (await recorder.GetAsync(call.Id.ToString()))!.Takes
                .All(take => take.Streams[0].DigitsSuppressed == suppressed.Count),
            "every suppressed digit to have come to both takes");
        await CommandAsync(recorder, call, "allow-digits");
        var after = Key(30);
        await SendAsync(first.Port, after);
        await EndAsync(first.Src);
        await EndAsync(second.Src);
        var ended = await recorder.WaitForAsync("card", CallState.Sealed);

        Assert.All(ended.Takes, take => Assert.Equal(suppressed.Count, take.Streams[0].DigitsSuppressed));
        Assert.All(ended.Takes, take => Assert.Equal(0, take.Streams[0].Lost - LostOnPurpose(take)));
        Assert.Equal(
            [
                (TimelineChange.DigitsSuppressed, "administrator", "card number"),
                (TimelineChange.DigitsAllowed, "administrator", null),
            ],
            ended.Timeline.Where(entry => entry.Actor is not null)
                .Select(entry => (entry.Change, entry.Actor, entry.Reason)));
        var opened = await recorder.Http.GetByteArrayAsync(
            new Uri($"api/v1/calls/{ended.Id}/packets?purpose=test", UriKind.Relative));
        Assert.True(Holds(opened, before) && Holds(opened, after), "what came before and after is recorded");
        Assert.All(suppressed, packet => Assert.False(Holds(opened, packet), "a suppressed digit is in the recording"));
        AssertNowhere(recorder.Folder, [.. suppressed, Encoding.ASCII.GetBytes(InfoDigits)]);
    }

    [Fact]
    public async Task Suppress_digits_by_policy_holds_from_the_first_packet()
    {
        await using var recorder = await Recorder.StartAsync();
        await ControlTests.ActivateAsync(recorder, """
            {"rules":[{"name":"cards","verdict":"record","digits":"suppress","retentionDays":30,"purpose":"sales"}]}
            """);
        using var session = await EstablishAsync(recorder, "pci");
        var suppressed = Key(1);
        await SendAsync(session.Port, suppressed);
        await SendAsync(session.Port, Voice());
        await EndAsync(session.Src);
        var call = await recorder.WaitForAsync("pci", CallState.Sealed);
        Assert.Equal((1, 1), (call.Takes[0].Streams[0].Packets, call.Takes[0].Streams[0].DigitsSuppressed));
        Assert.Equal("rule cards", call.Timeline.First(entry => entry.Change == TimelineChange.DigitsSuppressed).Actor);
        AssertNowhere(recorder.Folder, [suppressed]);
    }

    [Fact]
    public async Task Media_tells_keys_pressed_and_silence_of_the_recording()
    {
        await using var recorder = await Recorder.StartAsync();
        using var session = await EstablishAsync(recorder, "keys");
        await SendAsync(session.Port, Voice());
        foreach (var (digit, repeats) in new[] { (4, 3), (2, 1) })
        {
            var key = Key(digit);
            for (var i = 0; i < repeats; i++)
            {
                BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(2), (ushort)++_sequence);
                await SendAsync(session.Port, key);
            }
        }

        await EndAsync(session.Src);
        var call = await recorder.WaitForAsync("keys", CallState.Sealed);
        var report = await recorder.Http.GetFromJsonAsync<MediaReport>(
            new Uri($"api/v1/calls/{call.Id}/media?purpose=test", UriKind.Relative), TalregJson.Options, Token);
        Assert.Equal((false, 0), (report!.DigitsMasked, report.DigitsSuppressed.Count));
        var stream = Assert.Single(report.Takes).Streams[0];
        Assert.Equal(
            [("4", 100, true), ("2", 100, true)],
            stream.Digits.Select(digit => (digit.Digit, (int)digit.DurationMs, digit.Ended)));
        Assert.Equal(stream.LengthMs, stream.SilenceMs);
    }

    public void Dispose() => _media.Dispose();

    // A number that was left out on purpose lies between the lowest and the highest stored: all of them do.
    private static long LostOnPurpose(TakeDocument take) =>
        Math.Min(take.Streams[0].Lost, take.Streams[0].DigitsSuppressed);

    private static void AssertNowhere(string folder, IReadOnlyList<byte[]> secrets)
    {
        // All but the file whose only use is that nobody else can open it.
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "lock"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.All(secrets, secret => Assert.False(Holds(bytes, secret), $"a digit is in {file}"));
        }
    }

    private static bool Holds(byte[] bytes, byte[] part) => bytes.AsSpan().IndexOf(part) >= 0;

    private static async Task<Session> EstablishAsync(Recorder recorder, string session)
    {
        var sdp = FakeSrc.Sdp().Replace(
            "RTP/AVP 8 0", "RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000", StringComparison.Ordinal);
        var src = await FakeSrc.ConnectAsync(recorder.Sip, tcp: false, Token);
        await src.SendAsync(src.Invite(sdp: sdp, metadata: FakeSrc.Metadata(session)), Token);
        var ok = await src.ReceiveAsync("SIP/2.0 200 ", Token);
        src.ToTag = FakeSrc.TagOf(ok);
        await src.SendAsync(src.Request("ACK", 1), Token);
        var line = ok.Split("\r\n").First(text => text.StartsWith("m=audio", StringComparison.Ordinal));
        return new Session(src, int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    private static async Task EndAsync(FakeSrc src)
    {
        await src.SendAsync(src.Request("BYE", 3), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
    }

    private static async Task CommandAsync(Recorder recorder, CallDocument call, string command)
    {
        using var answer = await recorder.Http.PostAsync(
            new Uri($"api/v1/calls/{call.Id}/{command}", UriKind.Relative), content: null, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    private async Task SendAsync(int port, byte[] packet) =>
        await _media.SendToAsync(packet, new IPEndPoint(IPAddress.Loopback, port), Token);

    // RFC 4733 §2.3: event, E and volume, duration. The timestamp makes each unlike any other bytes.
    private byte[] Key(int digit)
    {
        byte[] payload = [(byte)(digit % 16), 0x8A, 3, 0x20];
        return Packet(Event, 0x5AFE_0000 + (uint)(digit * 0x0123), payload);
    }

    private byte[] Voice() => Packet(8, 0x5AFF_0000, [.. Enumerable.Repeat((byte)0xD5, 160)]);

    private byte[] Packet(byte type, uint timestamp, byte[] payload)
    {
        var packet = new byte[12 + payload.Length];
        (packet[0], packet[1]) = (0x80, type);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)++_sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), 0xCA4D_0001);
        payload.CopyTo(packet, 12);
        return packet;
    }

    private sealed record Session(FakeSrc Src, int Port) : IDisposable
    {
        public void Dispose() => Src.Dispose();
    }
}
