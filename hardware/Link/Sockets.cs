using System.Runtime.InteropServices;

namespace Talreg.Hardware.Link;

/// <summary>Sockets of families that the framework does not know, as 64-bit Linux has them.</summary>
internal static unsafe partial class Sockets
{
    internal const int FamilyNetlink = 16;
    internal const int FamilyPacket = 17;
    internal const int TypeDatagram = 2;
    internal const int TypeRaw = 3;
    internal const int CloseOnExec = 0x80000;
    internal const int DontWait = 0x40;

    /// <summary>Sends a message on a socket of its own, and reads what comes back at once.</summary>
    /// <param name="family">The socket's family.</param>
    /// <param name="type">Its type.</param>
    /// <param name="protocol">Its protocol.</param>
    /// <param name="message">What is sent.</param>
    /// <param name="destination">To whom; empty for the kernel.</param>
    /// <param name="answer">Where the answer goes; empty for none.</param>
    /// <returns>The answer's length.</returns>
    /// <exception cref="IOException">The system refused.</exception>
    internal static int Exchange(
        int family,
        int type,
        int protocol,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> destination,
        Span<byte> answer)
    {
        var socket = Require(Open(family, type | CloseOnExec, protocol));
        try
        {
            fixed (byte* sent = message, name = destination, received = answer)
            {
                var to = destination.IsEmpty ? null : name;
                Require(SendTo(
                    socket, sent, (nuint)message.Length, DontWait, to, (uint)destination.Length));
                return answer.IsEmpty ? 0 : Require(Receive(socket, received, (nuint)answer.Length, DontWait));
            }
        }
        finally
        {
            _ = Close(socket);
        }
    }

    /// <summary>What the system says of an error.</summary>
    internal static IOException Failed(int error) => new(Marshal.GetPInvokeErrorMessage(error), error);

    /// <summary>The number of a device; 0 when there is none of that name.</summary>
    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint IndexOf(string device);

    private static int Require(nint result) =>
        result >= 0 ? (int)result : throw Failed(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Open(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(
        int socket, byte* bytes, nuint length, int flags, byte* name, uint nameLength);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int socket);
}
