using Talreg.Benchmarks.LoadGenerator;
using Talreg.Benchmarks.Recorder;
using Talreg.Capture;

namespace Talreg.Benchmarks.Soak;

/// <summary>
/// Calls that arrive at random and last at random (both exponential), each with two streams. At its end every call's counts are
/// compared with its sender's, to the packet.
/// </summary>
internal sealed class CallPopulation : IDisposable
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(10);

    private readonly EngineRecorder _recorder;
    private readonly RtpSender _sender;
    private readonly SoakOptions _options;
    private readonly Random _random;
    private readonly Stack<int> _free = new();
    private readonly PriorityQueue<Call, double> _ends = new();
    private readonly CancellationTokenSource _ended = new();
    private long _finished;
    private long _packets;
    private long _lost;

    internal CallPopulation(EngineRecorder recorder, RtpSender sender, SoakOptions options, int most)
    {
        _recorder = recorder;
        _sender = sender;
        _options = options;
        _random = new Random(options.Seed);
        for (var call = most - 1; call >= 0; call--)
        {
            _free.Push(call);
        }
    }

    /// <summary>Signalled when the last call is closed.</summary>
    internal CancellationToken Ended => _ended.Token;

    internal int Alive => _ends.Count;

    internal long Finished => Interlocked.Read(ref _finished);

    /// <summary>Datagrams sent, of finished calls.</summary>
    internal long Packets => Interlocked.Read(ref _packets);

    /// <summary>Of these, not stored.</summary>
    internal long Lost => Interlocked.Read(ref _lost);

    /// <summary>Begins with as many calls as there are on average; at the end all are closed.</summary>
    internal async Task RunAsync(TimeSpan duration)
    {
        for (var call = 0; call < _options.Calls; call++)
        {
            await OpenAsync(0).ConfigureAwait(false);
        }

        var rate = (double)_options.Calls / _options.MeanSeconds;
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var next = Exponential(1 / rate);
        using var timer = new PeriodicTimer(Turn);
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            var now = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (now >= duration.TotalSeconds)
            {
                break;
            }

            await CloseDueAsync(now).ConfigureAwait(false);
            for (; next <= now; next += Exponential(1 / rate))
            {
                await OpenAsync(now).ConfigureAwait(false);
            }
        }

        await CloseDueAsync(double.MaxValue).ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
    }

    public void Dispose() => _ended.Dispose();

    private async Task OpenAsync(double now)
    {
        if (!_free.TryPop(out var place))
        {
            throw new BenchmarkException("more calls at once than six standard deviations above the mean");
        }

        var take = await _recorder.OpenTakeAsync(2).ConfigureAwait(false);
        _sender.Begin(2 * place, take.Ports[0].Rtp);
        _sender.Begin((2 * place) + 1, take.Ports[1].Rtp);
        _ends.Enqueue(new Call(place, take), now + Exponential(_options.MeanSeconds));
    }

    private async Task CloseDueAsync(double now)
    {
        var closing = new List<Call>();
        while (_ends.TryPeek(out var call, out var end) && end <= now)
        {
            _ends.Dequeue();
            _sender.End(2 * call.Place);
            _sender.End((2 * call.Place) + 1);
            closing.Add(call);
        }

        if (closing.Count == 0)
        {
            return;
        }

        // Two batches on, no packet of these streams is on its way any more.
        var batches = _sender.Batches;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (_sender.Batches < batches + 2 && await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
        }

        foreach (var call in closing)
        {
            await CloseAsync(call).ConfigureAwait(false);
        }
    }

    private async Task CloseAsync(Call call)
    {
        var sent = _sender.Sent(2 * call.Place) + _sender.Sent((2 * call.Place) + 1);
        var result = await _recorder.CloseTakeAsync(call.Take).ConfigureAwait(false);
        var stored = result.Final.Streams.Sum(stream => stream.Packets + stream.Rtcp);
        Interlocked.Add(ref _packets, sent);
        Interlocked.Add(ref _lost, sent - stored);
        Interlocked.Increment(ref _finished);
        _free.Push(call.Place);
    }

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private sealed record Call(int Place, CaptureTake Take);
}
