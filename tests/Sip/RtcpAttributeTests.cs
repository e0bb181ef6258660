using System.Text;
using Talreg.Sip.Sdp;

namespace Talreg.Sip.Tests;

/// <summary>Where a client hears RTCP (RFC 3605), and whom nobody may have reports sent to.</summary>
public sealed class RtcpAttributeTests
{
    [Theory]
    [InlineData("a=rtcp:5001", 5001, null)]
    [InlineData("a=rtcp:5001 IN IP4 192.0.2.7", 5001, "192.0.2.7")]
    [InlineData("a=rtcp:5001 IN IP6 2001:db8::7", 5001, "2001:db8::7")]
    [InlineData("a=rtcp:5001 IN IP4 host.example.com", 5001, null)]
    [InlineData("a=rtcp:5001 IN", 5001, null)]
    [InlineData("a=rtcp:70000 IN IP4 192.0.2.7", null, "192.0.2.7")]
    [InlineData("a=label:1", null, null)]
    public void TryParse_rtcp_port_and_address(string line, int? port, string? address)
    {
        var media = Parse(line);
        Assert.Equal(port, media.RtcpPort);
        Assert.Equal(address, media.RtcpConnection?.Address?.ToString());
    }

    [Theory]
    [InlineData("IN IP4 192.0.2.7", true)]
    [InlineData("IN IP6 2001:db8::7", true)]
    [InlineData("IN IP4 0.0.0.0", false)]
    [InlineData("IN IP4 224.2.1.1", false)]
    [InlineData("IN IP4 255.255.255.255", false)]
    [InlineData("IN IP6 ::", false)]
    [InlineData("IN IP6 ff15::101", false)]
    [InlineData("IN IP4 host.example.com", false)]
    public void IsUnicast_is_one_host_by_number(string connection, bool unicast) =>
        Assert.Equal(unicast, Parse("a=rtcp:5001 " + connection).RtcpConnection!.IsUnicast);

    private static SdpMedia Parse(string line)
    {
        const string text =
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        Assert.True(
            SdpParser.TryParse(Encoding.UTF8.GetBytes(text + line + "\r\n"), out var sdp, out var fault), $"{fault}");
        return Assert.Single(sdp!.Media);
    }
}
