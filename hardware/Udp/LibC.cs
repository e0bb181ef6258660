using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Talreg.Hardware.Udp;

/// <summary>recvmmsg(2), sendto(2) and their structures, as 64-bit Linux lays them out.</summary>
internal static unsafe partial class LibC
{
    internal const int AddressFamilyIPv4 = 2;
    internal const int AddressFamilyIPv6 = 10;

    internal const int DontWait = 0x40;
    internal const int Truncated = 0x20;

    internal const int SocketLevel = 1;
    internal const int ReceiveBuffer = 8;
    internal const int ReceiveBufferForce = 33;
    internal const int TimestampNs = 35;
    internal const int ReceiveQueueOverflow = 40;
    internal const int MemoryInfo = 55;

    internal const int IPv4Level = 0;
    internal const int IPv4FreeBind = 15;
    internal const int IPv4OriginalDestination = 20;

    internal const int IPv6Level = 41;
    internal const int IPv6OriginalDestination = 74;
    internal const int IPv6FreeBind = 78;

    /// <summary>Place in what SO_MEMINFO gives of the memory that waiting datagrams hold (SK_MEMINFO_RMEM_ALLOC).</summary>
    internal const int MemoryInfoHeld = 0;

    /// <summary>Place of the drop counter in what SO_MEMINFO gives (SK_MEMINFO_DROPS).</summary>
    internal const int MemoryInfoDrops = 8;

    internal const int NotPermitted = 1;
    internal const int Interrupted = 4;
    internal const int BadDescriptor = 9;
    internal const int TryAgain = 11;
    internal const int AccessDenied = 13;
    internal const int Invalid = 22;
    internal const int NoSuchCall = 38;
    internal const int FamilyNotSupported = 97;

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMany(int socket, MultiMessage* messages, uint count, int flags, void* timeout);

    /// <summary>Sends a datagram without waiting.</summary>
    /// <returns>0 or errno.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    internal static int Send(SafeSocketHandle socket, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> name)
    {
        fixed (byte* bytes = datagram, address = name)
        {
            return SendTo(socket, bytes, (nuint)datagram.Length, DontWait, address, (uint)name.Length) < 0
                ? Marshal.GetLastPInvokeError()
                : 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(
        SafeSocketHandle socket, byte* bytes, nuint length, int flags, byte* name, uint nameLength);

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Message
    {
        public byte* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MultiMessage
    {
        public Message Header;
        public uint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
