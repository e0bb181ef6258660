using Talreg.Media.Rtp;

namespace Talreg.Media.Tests;

public class RtpPacketViewTests
{
    // Two contributing sources, an extension of two words, four bytes of payload, three of padding.
    private static readonly byte[] Full =
    [
        0xB2, 0x88, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xDE, 0xAD, 0xBE, 0xEF,
        0, 0, 0, 5, 0xFF, 0, 0, 6,
        0xBE, 0xDE, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8,
        0xA1, 0xA2, 0xA3, 0xA4, 0, 0, 3,
    ];

    [Fact]
    public void TryParse_every_field_present_reads_them_all()
    {
        Assert.True(RtpPacketView.TryParse(Full, out var view, out var fault));
        Assert.Equal(RtpFault.None, fault);
        Assert.True(view is { Marker: true, HasExtension: true });
        Assert.Equal((8, 0x1234, 0x01020304u, 0xDEADBEEF),
            (view.PayloadType, view.SequenceNumber, view.Timestamp, view.Ssrc));
        Assert.Equal((2, 5u, 0xFF000006), (view.CsrcCount, view.Csrc(0), view.Csrc(1)));
        Assert.Equal(0xBEDE, view.ExtensionProfile);
        Assert.Equal(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, view.ExtensionData.ToArray());
        Assert.Equal(32, view.PayloadOffset);
        Assert.Equal(new byte[] { 0xA1, 0xA2, 0xA3, 0xA4 }, view.Payload.ToArray());
    }

    [Fact]
    public void TryParse_every_truncation_names_what_is_cut()
    {
        for (var length = 0; length < Full.Length; length++)
        {
            var parsed = RtpPacketView.TryParse(Full.AsSpan(0, length), out _, out var fault);

            // Cut behind the header, the last byte there is counts the padding: 0xA1-0xA4 and 0 cannot be right.
            var expected = length < 12 ? RtpFault.TooShort
                : length < 20 ? RtpFault.CsrcCutOff
                : length < 32 ? RtpFault.ExtensionCutOff
                : RtpFault.BadPadding;
            Assert.Equal((false, expected), (parsed, fault));
        }
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x40)]
    [InlineData(0xC0)]
    public void TryParse_version_other_than_2_is_refused(int first)
    {
        Assert.False(RtpPacketView.TryParse([(byte)first, .. new byte[11]], out _, out var fault));
        Assert.Equal(RtpFault.WrongVersion, fault);
    }

    [Theory]
    [InlineData(0, RtpFault.BadPadding)]
    [InlineData(1, RtpFault.None)]
    [InlineData(4, RtpFault.None)]
    [InlineData(5, RtpFault.BadPadding)]
    [InlineData(255, RtpFault.BadPadding)]
    public void TryParse_padding_count_must_fit_the_payload(int count, RtpFault expected)
    {
        byte[] packet = [0xA0, .. new byte[11], 1, 2, 3, (byte)count];
        Assert.Equal(expected == RtpFault.None, RtpPacketView.TryParse(packet, out var view, out var fault));
        Assert.Equal(expected, fault);
        if (fault == RtpFault.None)
        {
            Assert.Equal(4 - count, view.Payload.Length);
        }
    }

    [Fact]
    public void TryParse_bare_header_has_an_empty_payload_and_no_extension()
    {
        Assert.True(RtpPacketView.TryParse([0x80, .. new byte[11]], out var view, out _));
        Assert.True(view.Payload.IsEmpty && view.ExtensionData.IsEmpty);
        Assert.Equal((0, 0, 12), (view.CsrcCount, view.ExtensionProfile, view.PayloadOffset));
    }

    [Fact]
    public void TryParse_fifteen_sources_are_read_to_the_last()
    {
        var packet = new byte[12 + 60];
        packet[0] = 0x8F;
        packet[^1] = 9;
        Assert.True(RtpPacketView.TryParse(packet, out var view, out _));
        Assert.Equal((15, 9u, 0), (view.CsrcCount, view.Csrc(14), view.Payload.Length));
    }

    [Fact]
    public void TryParse_random_bytes_never_read_outside()
    {
        const int seed = 41;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var parsed = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var packet = new byte[random.Next(0, 80)];
            random.NextBytes(packet);
            if (packet.Length > 0)
            {
                packet[0] = (byte)(0x80 | (packet[0] & 0x3F));
            }

            if (RtpPacketView.TryParse(packet, out var view, out var fault))
            {
                parsed++;
                Assert.InRange(view.PayloadOffset + view.Payload.Length, 12, packet.Length);
                Assert.InRange(view.ExtensionData.Length, 0, view.PayloadOffset - 12);
            }
            else
            {
                Assert.NotEqual(RtpFault.None, fault);
            }
        }

        Assert.True(parsed > 1000, $"{parsed} parsed");
    }
}
