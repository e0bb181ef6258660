using System.Globalization;
using System.Text;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Tests;

/// <summary>What reading a message allocates: the strings kept and the objects that hold them, nothing else.</summary>
public sealed class ReadingBudgetTests
{
    private const int Rounds = 1_000;

    // SipMessage, SipRequest and ViaHeader.
    private const int ObjectBytes = 320;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_000, 0)]
    [InlineData(20_000, 0)]
    [InlineData(0, 100)]
    public void Reading_an_invite_allocates_what_is_kept_however_long_it_is(int bodyBytes, int moreHeaders)
    {
        var invite = Encoding.ASCII.GetBytes(Invite(bodyBytes, moreHeaders));
        var limits = new SipLimits();
        var kept = new[] { "127.0.0.1:5070", "z9hG4bK-1", "f1", "call-1" }.Sum(BytesOf);
        Read(invite, limits);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
        {
            Read(invite, limits);
        }

        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Assert.InRange(each, kept, kept + ObjectBytes);
    }

    [Fact]
    public void Released_message_reads_as_empty_and_may_be_released_again()
    {
        Assert.True(SipParser.TryParse(
            Encoding.ASCII.GetBytes(Invite(10, 0)), SipFraming.Datagram, new SipLimits(), out var message, out _));
        Assert.True(SipRequest.TryRead(message!, out var request, out _));
        Assert.Equal("sip:src@example.com", request!.ReadFrom().Uri.Text);
        message!.ReleaseBuffer();
        message.ReleaseBuffer();
        Assert.True(message.Headers.IsEmpty && message.Body.IsEmpty && message.Method.IsEmpty);
        Assert.Throws<InvalidOperationException>(() => request.ReadFrom());
        Assert.Equal(("call-1", "f1", "INVITE"), (request.CallId, request.FromTag, request.Method));
    }

    private static void Read(byte[] bytes, SipLimits limits)
    {
        Assert.True(SipParser.TryParse(bytes, SipFraming.Datagram, limits, out var message, out _));
        Assert.True(SipRequest.TryRead(message!, out _, out _));
        message!.ReleaseBuffer();
    }

    private static string Invite(int bodyBytes, int moreHeaders)
    {
        var more = string.Concat(Enumerable.Range(0, moreHeaders).Select(
            i => string.Create(CultureInfo.InvariantCulture, $"X-More-{i}: something that nobody reads\r\n")));
        return "INVITE sip:srs@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-1;rport\r\n"
            + "From: \"Alice\" <sip:src@example.com>;tag=f1\r\nTo: <sip:srs@example.com>\r\nCall-ID: call-1\r\n"
            + $"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{more}Content-Type: application/sdp\r\n"
            + $"Content-Length: {bodyBytes}\r\n\r\n{new string('v', bodyBytes)}";
    }

    // An object header, a type, a length and a closing NUL, rounded up to 8.
    private static int BytesOf(string text) => (22 + (text.Length * 2) + 7) / 8 * 8;
}
