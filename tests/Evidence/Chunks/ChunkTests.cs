using System.Net;
using Talreg.Evidence.Chunks;

namespace Talreg.Evidence.Tests.Chunks;

public sealed class ChunkTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly TakeIdentity Take = new()
    {
        CallId = new Guid("01930000-0000-7000-8000-000000000001"),
        TakeId = new Guid("01930000-0000-7000-8000-000000000002"),
        Tenant = "bank-1",
        Site = "north",
        Epoch = 0x0102030405060708,
    };

    private static readonly ChunkFacts Facts = new()
    {
        Stream = 3,
        Slot = 0xA0B0C0D0,
        Flags = ChunkFlags.Autonomous | ChunkFlags.StaleEpoch,
        Packets = 10,
        FirstArrivalNs = -1,
        LastArrivalNs = long.MaxValue,
        RealTimeOffsetNs = long.MinValue,
        ClockQuality = ClockQuality.Synchronised,
        MaxClockErrorUs = uint.MaxValue,
    };

    [Fact]
    public void Seal_thenRead_givesEveryFieldBack()
    {
        using var sealer = new TakeSealer(Take, Key, new Guid(1, 2, 3, new byte[8]), new Guid(4, 5, 6, new byte[8]));
        var chunk = new byte[1000];
        var length = sealer.Seal(Facts, "hello"u8, chunk);
        Assert.Equal(ChunkHeader.Size + 5 + ChunkHeader.TagSize, length);
        Assert.True(ChunkHeader.TryRead(chunk, out var header, out _));
        Assert.Equal(Facts, header.Facts);
        Assert.Equal(Take.TakeId, header.TakeId);
        Assert.Equal("bank-1", header.Tenant);
        Assert.Equal("north", header.Site);
        Assert.Equal(Take.Epoch, header.Epoch);
        Assert.Equal(1UL, header.Index);
        Assert.Equal(new Guid(1, 2, 3, new byte[8]), header.Incarnation);
        Assert.Equal(new Guid(4, 5, 6, new byte[8]), header.BootId);
        var again = new byte[ChunkHeader.Size];
        header.Write(again);
        Assert.Equal(chunk[..ChunkHeader.Size], again);
    }

    [Fact]
    public void TryOpen_withAnyBitFlipped_refuses()
    {
        using var sealer = new TakeSealer(Take, Key, Guid.NewGuid(), Guid.NewGuid());
        var buffer = new byte[1000];
        var chunk = buffer[..sealer.Seal(Facts, "hello"u8, buffer)];
        var text = new byte[ChunkHeader.MaxPlainText];
        Assert.True(ChunkOpener.TryOpen(Key, chunk, text, out var length, out _));
        Assert.Equal("hello"u8, text.AsSpan(0, length));
        for (var bit = 0; bit < chunk.Length * 8; bit++)
        {
            chunk[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(ChunkOpener.TryOpen(Key, chunk, text, out _, out var reason), $"bit {bit}");
            Assert.NotNull(reason);
            chunk[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void FrameReader_readsWhatFrameWriterWrote_andRefusesEveryCut()
    {
        var text = new byte[200];
        var length = FrameWriter.WriteSource(text, 0, new IPEndPoint(IPAddress.IPv6Loopback, 4000), 5);
        length += FrameWriter.WriteFrame(text.AsSpan(length), FrameFlags.Rtcp, 0, 7, "packet"u8);
        var frames = new FrameReader(text.AsSpan(0, length));
        Assert.True(frames.MoveNext());
        Assert.Equal(FrameFlags.Rtcp, frames.Current.Flags);
        Assert.Equal(7, frames.Current.ArrivalNs);
        Assert.Equal("packet"u8, frames.Current.Packet);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 4000), frames.Current.ToEndPoint());
        Assert.False(frames.MoveNext());
        Assert.Null(frames.Error);
        for (var cut = 1; cut < length; cut++)
        {
            var shorter = new FrameReader(text.AsSpan(0, cut));
            Assert.False(shorter.MoveNext());
            Assert.Equal(cut != 30, shorter.Error is not null);
        }
    }
}
