using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;

namespace Talreg.Hardware.Tests;

public sealed class PortPoolTests
{
    [Fact]
    public void TryRent_odd_low_gives_even_ports_and_keeps_rtcp_in_range()
    {
        var pool = new PortPool(new PortRange { Low = 10001, High = 10006 }, new ManualTime());
        Assert.Equal(2, pool.Capacity);
        Span<ushort> ports = stackalloc ushort[2];
        Assert.True(pool.TryRent(ports));
        Assert.Equal([10002, 10004], ports.ToArray());
        Assert.False(pool.TryRent(ports[..1]));
    }

    [Fact]
    public void TryRent_no_adjacent_pairs_left_gives_scattered_ones()
    {
        var pool = new PortPool(new PortRange { Low = 10000, High = 10007 }, new ManualTime());
        Span<ushort> all = stackalloc ushort[4];
        Assert.True(pool.TryRent(all));
        pool.ReturnUnused(10000);
        pool.ReturnUnused(10004);
        Assert.True(pool.TryRent(all[..2]));
        Assert.Equal([10000, 10004], all[..2].ToArray());
    }

    [Fact]
    public void Return_pair_comes_again_only_after_its_cool_down()
    {
        var time = new ManualTime();
        var pool = new PortPool(new PortRange { Low = 10000, High = 10001 }, time);
        Span<ushort> port = stackalloc ushort[1];
        Assert.True(pool.TryRent(port));
        pool.Return(port[0]);
        time.Ticks = TimeSpan.FromSeconds(4.9).Ticks;
        Assert.False(pool.TryRent(port));
        Assert.Equal(0, pool.Free);
        time.Ticks = TimeSpan.FromSeconds(5).Ticks;
        Assert.True(pool.TryRent(port));
    }

    [Fact]
    public void ToMonotonic_impossible_stamp_is_replaced_and_said_to_be_estimated()
    {
        var clock = new ScanClock(5_000, 1_000_000, Stepped: false);
        Assert.Equal(4_500, clock.ToMonotonic(1_004_500, 4_000, out var estimated));
        Assert.False(estimated);
        Assert.Equal(5_000, clock.ToMonotonic(0, 4_000, out estimated));
        Assert.True(estimated);
        Assert.Equal(5_000, clock.ToMonotonic(1_003_999, 4_000, out estimated));
        Assert.True(estimated);
    }

    private sealed class ManualTime : TimeProvider
    {
        public long Ticks { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Ticks;
    }
}
