using System.Buffers;
using System.Net;
using Talreg.Hardware.Pcap;
using Talreg.Media.Pcap;

namespace Talreg.Hardware.Tests.Pcap;

public sealed class CaptureFileTests
{
    private const long Time = 1_700_000_000_123_456_789;
    private static readonly byte[] _frame = [1, 2, 3, 4, 5];

    [Theory]
    [InlineData(false, false, Time / 1000 * 1000)]
    [InlineData(true, false, Time / 1000 * 1000)]
    [InlineData(false, true, Time)]
    [InlineData(true, true, Time)]
    public void Pcap_either_order_and_resolution_is_read(bool isBigEndian, bool nanoseconds, long unixNs)
    {
        var frames = ReadAll(Trace.Pcap(1, [(Time, _frame), (Time, [])], isBigEndian, nanoseconds));
        Assert.Equal(
            [(1, unixNs, 5), (1, unixNs, 0)], frames.Select(f => (f.LinkType, f.UnixNs!.Value, f.Bytes.Length)));
        Assert.Equal(_frame, frames[0].Bytes);
    }

    [Theory]
    [InlineData(null, 1_700_000_000_123_456UL, 1_700_000_000_123_456_000)]
    [InlineData(9, 1_700_000_000_123_456_789UL, Time)]
    [InlineData(3, 1_700_000_000_123UL, 1_700_000_000_123_000_000)]
    [InlineData(0x80 | 10, 1_700_000_000UL * 1024, 1_700_000_000_000_000_000)]
    public void Pcapng_time_counts_in_the_units_of_its_interface(int? resolution, ulong ticks, long unixNs)
    {
        foreach (var isBigEndian in new[] { false, true })
        {
            var file = new Words(isBigEndian).AddSection().AddInterface(1, (byte?)resolution)
                .AddBlock(4, b => b.Add(0)).AddEnhanced(0, ticks, _frame).ToArray();
            var frame = Assert.Single(ReadAll(file));
            Assert.Equal(unixNs, frame.UnixNs);
            Assert.Equal(_frame, frame.Bytes);
        }
    }

    [Fact]
    public void Pcapng_sections_of_both_orders_and_simple_packets_are_read()
    {
        byte[] file =
        [
            .. new Words(false).AddSection().AddInterface(1).AddInterface(101).AddEnhanced(1, 5, _frame).ToArray(),
            .. new Words(true).AddSection().AddInterface(113, snapLength: 3).AddSimple(_frame).ToArray(),
        ];
        var frames = ReadAll(file);
        Assert.Equal(
            [(101, (long?)5000, 5), (113, null, 3)], frames.Select(f => (f.LinkType, f.UnixNs, f.Bytes.Length)));
    }

    [Fact]
    public void Pcapng_of_our_own_writer_is_read()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(output);
        var to = new IPEndPoint(IPAddress.Parse("2001:db8::9"), 5004);
        Assert.True(writer.TryWrite(Time, Trace.Caller, Trace.To(5004), _frame, out _));
        Assert.True(writer.TryWrite(Time + 1, Trace.Caller6, to, _frame, out _));
        var frames = ReadAll(output.WrittenSpan.ToArray());
        Assert.Equal([Time, Time + 1], frames.Select(f => f.UnixNs!.Value));
        foreach (var frame in frames)
        {
            Assert.True(LinkLayer.TryStrip(frame.LinkType, frame.Bytes, out var packet));
            Assert.Equal(IpVerdict.Udp, UdpInIp.Read(packet, out var datagram));
            Assert.Equal(_frame, datagram.Payload.ToArray());
            Assert.Equal(5004, datagram.Destination.Port);
        }
    }

    [Fact]
    public void Open_other_bytes_is_refused() =>
        Assert.Equal(CaptureFileFault.UnknownFormat, Refusal([0x50, 0x4B, 3, 4, 0, 0, 0, 0]));

    [Theory]
    [InlineData(11u)]
    [InlineData(13u)]
    [InlineData(0u)]
    [InlineData(0x7FFF_FFFCu)]
    public void Pcapng_block_length_out_of_bounds_is_refused(uint length)
    {
        var file = new Words(false).AddSection().Add(6).Add(length).Add(0).Add(length).ToArray();
        Assert.Equal(CaptureFileFault.BadLength, Refusal(file));
    }

    [Fact]
    public void Pcapng_faults_are_named()
    {
        Words Begin() => new Words(false).AddSection();
        Assert.Equal(CaptureFileFault.UnknownInterface, Refusal(Begin().AddEnhanced(0, 0, _frame).ToArray()));
        Assert.Equal(CaptureFileFault.UnknownInterface, Refusal(Begin().AddSimple(_frame).ToArray()));
        Assert.Equal(CaptureFileFault.BadTime, Refusal(Begin().AddInterface(1, 20).ToArray()));
        Assert.Equal(
            CaptureFileFault.BadTime,
            Refusal(Begin().AddInterface(1, 0).AddEnhanced(0, ulong.MaxValue, _frame).ToArray()));
        Assert.Equal(
            CaptureFileFault.BadLength, Refusal(Begin().Add(4).Add(16).Add(0).Add(20).ToArray()));
        Assert.Equal(
            CaptureFileFault.BadLength,
            Refusal(Begin().AddInterface(1).AddBlock(6, b => b.Add(0).Add(0).Add(0).Add(500).Add(500)).ToArray()));
        var many = Begin();
        for (var i = 0; i <= PcapngFile.MaxInterfaces; i++)
        {
            many.AddInterface(1);
        }

        Assert.Equal(CaptureFileFault.TooManyInterfaces, Refusal(many.ToArray()));
    }

    [Fact]
    public void Pcap_packet_over_the_bound_is_refused()
    {
        var file = new Words(false).AddBytes(Trace.Pcap(1, [])).Add(0).Add(0).Add(CaptureFile.MaxFrameBytes + 1).Add(0);
        Assert.Equal(CaptureFileFault.BadLength, Refusal(file.ToArray()));
    }

    [Fact]
    public void Read_cut_at_every_offset_ends_or_says_truncated()
    {
        byte[][] files =
        [
            Trace.Pcap(1, [(Time, _frame), (Time, _frame)]),
            new Words(true).AddSection().AddInterface(1, 9).AddEnhanced(0, 1, _frame).AddSimple(_frame).ToArray(),
        ];
        foreach (var file in files)
        {
            var whole = ReadAll(file).Count;
            for (var length = 0; length < file.Length; length++)
            {
                var (frames, fault) = ReadUntilFault(file[..length]);
                Assert.True(frames < whole);
                Assert.True(fault is null or CaptureFileFault.Truncated, $"{fault} at {length}");
            }
        }
    }

    [Fact]
    public void Read_bytes_changed_at_random_ends_or_is_refused_by_name()
    {
        const int Seed = 20_261_124;
        var random = new Random(Seed);
        byte[][] files =
        [
            Trace.Pcap(1, [(Time, _frame), (Time, _frame)]),
            new Words(false).AddSection().AddInterface(1, 9).AddEnhanced(0, 1, _frame).AddSimple(_frame).ToArray(),
        ];
        for (var round = 0; round < 20_000; round++)
        {
            var file = (byte[])files[round % files.Length].Clone();
            for (var i = 0; i < 1 + (round % 4); i++)
            {
                file[random.Next(file.Length)] = (byte)random.Next(256);
            }

            var failure = Record.Exception(() => ReadUntilFault(file));
            Assert.True(failure is null, $"seed {Seed}, round {round}: {failure}");
        }
    }

    private static List<(int LinkType, long? UnixNs, byte[] Bytes)> ReadAll(byte[] file)
    {
        var frames = new List<(int, long?, byte[])>();
        var reader = CaptureFile.Open(new MemoryStream(file));
        while (reader.TryRead(out var frame))
        {
            frames.Add((frame.LinkType, frame.UnixNs, frame.Bytes.ToArray()));
        }

        return frames;
    }

    private static (int Frames, CaptureFileFault? Fault) ReadUntilFault(byte[] file)
    {
        var frames = 0;
        try
        {
            var reader = CaptureFile.Open(new MemoryStream(file));
            while (reader.TryRead(out _))
            {
                frames++;
            }

            return (frames, null);
        }
        catch (CaptureFileException refused)
        {
            return (frames, refused.Fault);
        }
    }

    private static CaptureFileFault Refusal(byte[] file) =>
        Assert.Throws<CaptureFileException>(() => ReadAll(file)).Fault;
}
