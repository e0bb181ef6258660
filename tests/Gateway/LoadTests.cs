using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Talreg.Gateway.Overload;

namespace Talreg.Gateway.Tests;

public sealed class LoadTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeSignal _core = new("core", 0.70, 0.75);
    private readonly FakeSignal _volume = new("volume", 2, 0.95);
    private readonly List<bool> _shed = [];
    private readonly LoadMonitor _monitor;

    public LoadTests() => _monitor = new LoadMonitor([_core, _volume], _clock, NullLogger<LoadMonitor>.Instance)
    {
        SheddingChanged = _shed.Add,
    };

    public ValueTask DisposeAsync() => _monitor.DisposeAsync();

    [Fact]
    public void Load_rising_sheds_before_it_refuses_and_both_at_once()
    {
        Observe(0.69);
        Assert.Equal((false, false), (_monitor.IsShedding, _monitor.IsRefusing));
        Observe(0.70);
        Assert.Equal((true, false), (_monitor.IsShedding, _monitor.IsRefusing));
        Observe(0.75);
        Assert.Equal((true, true), (_monitor.IsShedding, _monitor.IsRefusing));
        Assert.Equal([true], _shed);
    }

    [Fact]
    public void Load_at_the_threshold_does_not_flap()
    {
        for (var i = 0; i < 200; i++)
        {
            Observe(i % 2 == 0 ? 0.76 : 0.61);
        }

        Assert.True(_monitor.IsRefusing);
        Assert.Equal([true], _shed);
    }

    [Fact]
    public void Load_gone_ends_the_measures_after_five_calm_seconds_in_a_row()
    {
        Observe(0.9);
        Observe(0.1, TimeSpan.FromSeconds(4));
        Observe(0.1, TimeSpan.FromSeconds(4));
        Observe(0.65);
        Observe(0.1);
        Observe(0.1, TimeSpan.FromSeconds(4.9));
        Assert.True(_monitor.IsRefusing);
        Observe(0.1, TimeSpan.FromSeconds(0.1));
        Assert.Equal((false, false), (_monitor.IsShedding, _monitor.IsRefusing));
        Assert.Equal([true, false], _shed);
    }

    [Fact]
    public void Full_volume_refuses_calls_and_leaves_sealing_alone()
    {
        _volume.Share = 0.96;
        Observe(0);
        Assert.Equal((false, true), (_monitor.IsShedding, _monitor.IsRefusing));
        Assert.Empty(_shed);
    }

    private void Observe(double core, TimeSpan? later = null)
    {
        _core.Share = core;
        _clock.Advance(later ?? LoadMonitor.Interval);
        _monitor.Observe();
    }

    private sealed class FakeSignal(string resource, double shedAt, double refuseAt) : ILoadSignal
    {
        public string Resource => resource;

        public double ShedAt => shedAt;

        public double RefuseAt => refuseAt;

        public double Share { get; set; }

        public double Read() => Share;
    }
}
