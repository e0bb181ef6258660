using System.Runtime.InteropServices;

namespace Talreg.Hardware.Clock;

/// <summary>
/// The machine's clocks as the kernel gives them. Not a <see cref="TimeProvider"/>: arrival times come from the kernel
/// too, and both must be of one kind. No allocation except <see cref="ReadBootId"/>; any thread.
/// </summary>
public static partial class MachineClock
{
    private const int RealTime = 0;
    private const int Monotonic = 1;
    private const int ThreadCpu = 3;
    private const int StateError = 5;
    private const int StatusUnsynchronised = 0x40;
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>CLOCK_MONOTONIC, in nanoseconds.</summary>
    public static long MonotonicNs() => Read(Monotonic);

    /// <summary>CPU time the calling thread has used, in nanoseconds (CLOCK_THREAD_CPUTIME_ID).</summary>
    public static long ThreadCpuNs() => Read(ThreadCpu);

    /// <summary>What to add to monotonic time to get Unix time, in nanoseconds; exact to the time of one clock call.</summary>
    public static long RealTimeOffsetNs()
    {
        var before = Read(Monotonic);
        var real = Read(RealTime);
        var after = Read(Monotonic);
        return real - (before + ((after - before) / 2));
    }

    /// <summary>Both clocks and what the kernel thinks of them (adjtimex(2), read only).</summary>
    public static ClockReading Read()
    {
        var offset = RealTimeOffsetNs();
        var (state, maxErrorUs) = ReadQuality();
        return new ClockReading(MonotonicNs(), offset, state, maxErrorUs);
    }

    /// <summary>The id of this boot: whose monotonic clock is meant.</summary>
    /// <exception cref="IOException">The kernel does not give one.</exception>
    public static Guid ReadBootId() => Guid.TryParse(File.ReadAllText(BootIdFile).AsSpan().Trim(), out var id)
        ? id
        : throw new InvalidDataException($"{BootIdFile}: not a UUID");

    private static unsafe (ClockState State, uint MaxErrorUs) ReadQuality()
    {
        var timex = default(Timex);
        var state = AdjustTime(&timex);
        if (state < 0)
        {
            return (ClockState.Unknown, uint.MaxValue);
        }

        var synchronised = state != StateError && (timex.Status & StatusUnsynchronised) == 0;
        return (
            synchronised ? ClockState.Synchronised : ClockState.FreeRunning,
            (uint)Math.Clamp(timex.MaxError, 0, uint.MaxValue));
    }

    private static unsafe long Read(int clock)
    {
        var time = default(TimeSpec);
        return ClockGetTime(clock, &time) == 0
            ? (time.Seconds * 1_000_000_000) + time.Nanoseconds
            : throw new InvalidOperationException("clock_gettime failed for a clock every Linux has");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static unsafe partial int ClockGetTime(int clock, TimeSpec* time);

    [LibraryImport("libc", EntryPoint = "adjtimex")]
    private static unsafe partial int AdjustTime(Timex* timex);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    // struct timex of 64-bit Linux: only what is read has a name.
    [StructLayout(LayoutKind.Explicit, Size = 208)]
    private struct Timex
    {
        [FieldOffset(24)] public long MaxError;
        [FieldOffset(40)] public int Status;
    }
}
