using Talreg.Benchmarks.LoadGenerator;
using Talreg.Benchmarks.Processes;

namespace Talreg.Benchmarks.Capture;

/// <summary>One run of one competitor.</summary>
internal sealed record TrialResult
{
    /// <summary>Datagrams sent while measuring.</summary>
    internal required long Offered { get; init; }

    /// <summary>How many a second.</summary>
    internal required double OfferedPerSecond { get; init; }

    /// <summary>CPU time of the process meanwhile, all threads, user and system.</summary>
    internal required TimeSpan Cpu { get; init; }

    /// <summary>Of the whole run: sent and not recorded.</summary>
    internal required long Lost { get; init; }

    /// <summary>Of those, dropped by the recorder itself.</summary>
    internal long OwnDrops { get; init; }

    /// <summary>Bytes allocated while measuring; null for a program without a collector.</summary>
    internal long? Allocated { get; init; }

    /// <summary>Bytes handed to the disk while measuring, per packet; 0 where nobody counts them.</summary>
    internal double BytesPerPacket { get; init; }

    /// <summary>Collections while measuring: gen0, gen1, gen2.</summary>
    internal (long Gen0, long Gen1, long Gen2) Collections { get; init; }

    /// <summary>CPU-seconds per million packets.</summary>
    internal double CpuPerMillion => Cpu.TotalSeconds * 1e6 / Offered;

    /// <summary>How much of one processor it took.</summary>
    internal double Load => CpuPerMillion * OfferedPerSecond / 1e6;
}

/// <summary>What a competitor needs to run.</summary>
/// <param name="Scenario">What is offered.</param>
/// <param name="Seconds">How long is measured.</param>
/// <param name="Folder">An empty folder; removed after the run.</param>
/// <param name="Network">Where sockets live; null for the machine's own network.</param>
internal sealed record Trial(Scenario Scenario, double Seconds, string Folder, NetworkNamespace? Network)
{
    /// <summary>The processor recorders run on; the sender has the first.</summary>
    internal static int RecorderProcessor { get; } = Math.Min(1, Environment.ProcessorCount - 1);

    /// <summary>After sending, time for what is under way to be recorded.</summary>
    internal static TimeSpan Settle { get; } = TimeSpan.FromMilliseconds(300);

    private const double WarmUpSeconds = 2;

    /// <summary>Sends to the ports: first a warm-up, then what is measured. Both are counted.</summary>
    /// <param name="ports">The RTP ports of the streams.</param>
    /// <param name="begin">Called between the two.</param>
    /// <param name="end">Called when what was sent has had time to be recorded.</param>
    internal async Task<(Offered WarmUp, Offered Measured)> SendAsync(
        IReadOnlyList<int> ports, Func<Task> begin, Func<Task> end)
    {
        using var sender = await OnThreadAsync(() => new RtpSender(ports)).ConfigureAwait(false);
        var warmUp = await SendAsync(sender, WarmUpSeconds).ConfigureAwait(false);
        await begin().ConfigureAwait(false);
        var measured = await SendAsync(sender, Seconds).ConfigureAwait(false);
        await end().ConfigureAwait(false);
        return (warmUp, measured);
    }

    /// <summary>Lets time pass, for programs that write late.</summary>
    internal Task RestAsync(TimeSpan time) => OnThreadAsync(() => Rest(time));

    /// <summary>Runs something on a thread of its own, in the network namespace, on the sender's processor.</summary>
    internal Task<T> OnThreadAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Network?.Enter();
                RtpSender.Pin(0);
                done.SetResult(work());
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException
                or System.Net.Sockets.SocketException)
            {
                done.SetException(new BenchmarkException($"the sender failed: {e.Message}", e));
            }
        });
        thread.Start();
        return done.Task;
    }

    // After sending, 300 ms pass on the sender's thread: part of every competitor's time alike.
    private Task<Offered> SendAsync(RtpSender sender, double seconds) => OnThreadAsync(() =>
    {
        var offered = sender.Send(Scenario.PacketsPerSecond, TimeSpan.FromSeconds(seconds));
        Rest(Settle);
        return offered;
    });

    private static bool Rest(TimeSpan time)
    {
        using var never = new ManualResetEvent(initialState: false);
        return never.WaitOne(time);
    }
}
