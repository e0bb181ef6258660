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

    [Fact]
    public async Task Framer_fed_segment_by_segment_gives_both_messages_and_the_ping_between()
    {
        using var src = await FakeSrc.ConnectAsync(
            new(System.Net.IPAddress.Loopback, 5071), tcp: false, TestContext.Current.CancellationToken);
        string[] messages = [src.Invite(metadata: new string('x', 2_000)), src.Request("BYE", 2)];
        var bytes = Encoding.UTF8.GetBytes(messages[0] + "\r\n\r\n\r\n" + messages[1]);
        var framer = new StreamFramer(new SipLimits());
        var found = new List<string>();
        var first = 0;
        for (var end = 1; end <= bytes.Length; end++)
        {
            // A segment for each 7 bytes: the ends of header blocks straddle them.
            var input = Segment.Sequence(bytes.AsMemory(first, end - first), 7);
            var result = framer.Next(input, out var message, out var consumed, out _);
            first += (int)input.Slice(0, consumed).Length;
            Assert.NotEqual(FrameResult.Broken, result);
            if (result != FrameResult.NeedMore)
            {
                found.Add(result == FrameResult.Message ? Encoding.UTF8.GetString(message) : "ping");
                Assert.False(framer.HasBegun);
            }
        }

        Assert.Equal([messages[0], "ping", messages[1]], found);
    }

    [Fact]
    public void Framer_header_block_without_end_is_broken_at_the_limit()
    {
        var limits = new SipLimits { MaxMessageBytes = 100 };
        var bytes = Encoding.UTF8.GetBytes("OPTIONS sip:a SIP/2.0\r\nX: " + new string('x', 100));
        var framer = new StreamFramer(limits);
        var short99 = new ReadOnlySequence<byte>(bytes, 0, 99);
        Assert.Equal(FrameResult.NeedMore, framer.Next(short99, out _, out _, out _));
        Assert.Equal(
            FrameResult.Broken,
            framer.Next(new ReadOnlySequence<byte>(bytes, 0, 100), out _, out _, out var fault));
        Assert.Equal(SipFault.MessageTooLong, fault);
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

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Sequence(ReadOnlyMemory<byte> bytes, int size)
        {
            var first = new Segment { Memory = bytes[..Math.Min(size, bytes.Length)] };
            var last = first;
            for (var at = first.Memory.Length; at < bytes.Length; at += size)
            {
                var next = new Segment
                {
                    Memory = bytes.Slice(at, Math.Min(size, bytes.Length - at)), RunningIndex = at,
                };
                last.Next = next;
                last = next;
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}
