using Talreg.Media.Timeline;

namespace Talreg.Media.Tests;

public class RenderRefusalTests
{
    private const long Hour = 3_600_000_000_000;

    public static TheoryData<long, long, int, RenderLimits, RenderRefusal> Cases => new()
    {
        { 0, 0, 0, new RenderLimits(), RenderRefusal.None },
        { 0, 12 * Hour, 0, new RenderLimits(), RenderRefusal.None },
        { 0, Hour, 16, new RenderLimits(), RenderRefusal.None },
        { 0, Hour, 2, new RenderLimits { MaxPacketBytes = 344 }, RenderRefusal.None },
        { 1, 0, 0, new RenderLimits(), RenderRefusal.EndBeforeStart },
        { 0, (12 * Hour) + 100, 0, new RenderLimits(), RenderRefusal.TooLong },
        { long.MinValue, long.MaxValue, 0, new RenderLimits(), RenderRefusal.TooLong },
        { 0, Hour, 17, new RenderLimits(), RenderRefusal.TooManyStreams },
        { 0, Hour, 2, new RenderLimits { MaxPacketBytes = 343 }, RenderRefusal.TooManyBytes },
        { 0, 37 * Hour, 0, new RenderLimits { MaxDuration = TimeSpan.FromDays(9) }, RenderRefusal.None },
        { 0, 38 * Hour, 0, new RenderLimits { MaxDuration = TimeSpan.FromDays(9) }, RenderRefusal.TooLargeForWav },
    };

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void TryRender_past_a_limit_is_refused_by_name(
        long start, long end, int streams, RenderLimits limits, RenderRefusal expected)
    {
        var packets = RtpPackets.Cut(RtpPackets.Filled(1, 0xD5));
        var given = Enumerable.Range(0, streams).Select(_ => RtpPackets.Stream(packets)).ToList();
        Assert.Equal(
            expected == RenderRefusal.None,
            CallAudio.TryRender(start, end, given, out var wav, out var refusal, limits));
        Assert.Equal(expected, refusal);
        Assert.Equal(expected == RenderRefusal.None, wav is not null);
    }

    [Fact]
    public async Task OpenRead_gives_the_bytes_of_Read()
    {
        var voice = RtpPackets.Noise(40, 31);
        var wav = RtpPackets.Render(0, 41 * RtpPackets.PacketNs, RtpPackets.Stream(RtpPackets.Cut(voice)));
        var expected = new byte[wav.Length];
        Assert.Equal(expected.Length, wav.Read(0, expected));
        await using var stream = wav.OpenRead();
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, 1013, TestContext.Current.CancellationToken);
        Assert.Equal(expected, copy.ToArray());
        Assert.Equal((wav.Length, wav.Length), (stream.Length, stream.Position));

        var part = new byte[1001];
        foreach (var (offset, origin, at) in new[]
        {
            (7L, SeekOrigin.Begin, 7L), (1000, SeekOrigin.Current, 2008), (-1001, SeekOrigin.End, wav.Length - 1001),
        })
        {
            Assert.Equal(at, stream.Seek(offset, origin));
            await stream.ReadExactlyAsync(part, TestContext.Current.CancellationToken);
            Assert.Equal(expected.AsSpan((int)at, part.Length).ToArray(), part);
        }

        Assert.Equal(0, await stream.ReadAsync(part, TestContext.Current.CancellationToken));
        Assert.True(stream is { CanRead: true, CanSeek: true, CanWrite: false });
        Assert.Equal(0, wav.Read(wav.Length + 5, part));
    }
}
