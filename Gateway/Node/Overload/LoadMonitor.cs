using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Talreg.Gateway.Overload;

/// <summary>
/// Keeps the order of overload (design §5): first live taps and sealing stop, then new INVITEs are answered 503, and only
/// then may the kernel drop. Reads every signal four times a second.
/// </summary>
/// <remarks><see cref="IsShedding"/> and <see cref="IsRefusing"/> may be read on any thread.</remarks>
internal sealed class LoadMonitor : IAsyncDisposable
{
    /// <summary>How often the signals are read.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly LoadSwitch _shed = new(signal => signal.ShedAt);
    private readonly LoadSwitch _refuse = new(signal => signal.RefuseAt);
    private readonly CancellationTokenSource _stopping = new();
    private ImmutableArray<ILoadSignal> _signals;
    private Task _watching = Task.CompletedTask;
    private volatile bool _shedding;
    private volatile bool _refusing;

    /// <summary>Makes a monitor; it does not watch yet.</summary>
    public LoadMonitor(IEnumerable<ILoadSignal> signals, TimeProvider clock, ILogger<LoadMonitor> logger)
    {
        _signals = [.. signals];
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Told on the monitor's own thread when shedding begins (true) and ends.</summary>
    public Action<bool>? SheddingChanged { get; init; }

    /// <summary>True while live taps and sealing are stopped.</summary>
    public bool IsShedding => _shedding;

    /// <summary>True while new INVITEs are answered 503.</summary>
    public bool IsRefusing => _refusing;

    /// <summary>One more resource to watch, from the next reading on. Any thread.</summary>
    public void Add(ILoadSignal signal) => ImmutableInterlocked.Update(ref _signals, all => all.Add(signal));

    /// <summary>Starts to watch.</summary>
    public void Start() => _watching = Task.Run(WatchAsync);

    /// <summary>Reads every signal once and acts on it. One caller at a time.</summary>
    public void Observe()
    {
        var readings = _signals.Select(signal => (signal, signal.Read())).ToList();
        var now = _clock.GetElapsedTime(0);
        if (_shed.Observe(readings, now))
        {
            _shedding = _shed.IsOn;
            _logger.Shedding(_shedding, Describe(readings));
            SheddingChanged?.Invoke(_shedding);
        }

        if (_refuse.Observe(readings, now))
        {
            _refusing = _refuse.IsOn;
            _logger.Refusing(_refusing, Describe(readings));
        }
    }

    /// <summary>Watches no more. Again is no error.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Interval, _clock);
        while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
        {
            Observe();
        }
    }

    private static string Describe(List<(ILoadSignal Signal, double Share)> readings) => string.Join(
        ", ",
        readings.Select(reading => FormattableString.Invariant($"{reading.Signal.Resource} {reading.Share:P0}")));
}
