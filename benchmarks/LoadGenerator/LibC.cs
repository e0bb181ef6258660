using System.Runtime.InteropServices;

namespace Talreg.Benchmarks.LoadGenerator;

/// <summary>sendmmsg(2) and its structures, as 64-bit Linux lays them out, and what pins and paces a thread.</summary>
internal static unsafe partial class LibC
{
    internal const int AddressFamilyIPv4 = 2;
    internal const int Interrupted = 4;
    internal const int Monotonic = 1;

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    internal static partial int SendMany(int socket, MultiMessage* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    internal static partial int SetAffinity(int thread, nuint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    internal static partial int Sleep(int clock, int flags, TimeSpec* time, TimeSpec* rest);

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MultiMessage
    {
        public Message Header;
        public uint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Message
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    // sockaddr_in; port and address in network order.
    [StructLayout(LayoutKind.Sequential)]
    internal struct SocketAddress
    {
        public ushort Family;
        public ushort Port;
        public uint Address;
        public ulong Zero;
    }
}
