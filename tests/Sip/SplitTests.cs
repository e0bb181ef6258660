using System.Buffers;
using System.Text;
using Talreg.Sip.Messages;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>The stream framer at every split, and metadata that attacks.</summary>
public sealed class SplitTests
{
    [Fact]
    public async Task Framer_split_at_every_offset_waits_then_gives_the_whole_message()
    {
        using var src = await FakeSrc.ConnectAsync(
            new(System.Net.IPAddress.Loopback, 5071), tcp: false, TestContext.Current.CancellationToken);
        var bytes = Encoding.UTF8.GetBytes(src.Invite());
        var limits = new SipLimits();
        var dripping = new StreamFramer(limits);
        for (var split = 1; split < bytes.Length; split++)
        {
            var part = new ReadOnlySequence<byte>(bytes, 0, split);
            Assert.Equal(FrameResult.NeedMore, new StreamFramer(limits).Next(part, out _, out _, out _));
            Assert.Equal(FrameResult.NeedMore, dripping.Next(part, out _, out _, out _));
            Assert.True(dripping.HasBegun);
        }

        var whole = dripping.Next(new ReadOnlySequence<byte>(bytes), out var message, out _, out _);
        Assert.False(dripping.HasBegun);
        Assert.Equal(FrameResult.Message, whole);
        Assert.Equal(bytes, message);
    }

    [Theory]
    [InlineData("-1", "ContentLengthInvalid")]
    [InlineData("4294967295", "ContentLengthInvalid")]
    [InlineData("2147483648", "ContentLengthInvalid")]
    [InlineData("3\r\nl: 4", "ContentLengthConflicting")]
    [InlineData("9", "BodyTruncated")]
    public void Content_length_that_lies_is_named(string length, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes($"OPTIONS sip:a SIP/2.0\r\nContent-Length: {length}\r\n\r\nabc");
        Assert.False(SipParser.TryParse(bytes, SipFraming.Datagram, new SipLimits(), out _, out var fault));
        Assert.Equal(expected, fault.ToString());
    }

    [Theory]
    [InlineData("<!DOCTYPE r [<!ENTITY a 'b'>]><recording>&a;</recording>")]
    [InlineData("<recording><session>")]
    [InlineData("<other/>")]
    [InlineData("")]
    public void Metadata_hostile_or_broken_has_a_reason(string xml)
    {
        Assert.False(Siprec.MetadataParser.TryParse(Encoding.UTF8.GetBytes(xml), out var metadata, out var fault));
        Assert.Null(metadata);
        Assert.NotNull(fault);
    }
}
