using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Talreg.Benchmarks.Processes;

/// <summary>CPU time of another process: all its threads, ended ones too, user and system, to the nanosecond.</summary>
internal static unsafe partial class ProcessClock
{
    // What clock_getcpuclockid(3) makes of a process id.
    private const int SchedulerClock = 2;

    internal static TimeSpan Read(int process)
    {
        var time = default(TimeSpec);
        if (GetTime((~process << 3) | SchedulerClock, &time) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"the CPU clock of process {process}");
        }

        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, TimeSpec* time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
