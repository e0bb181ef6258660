using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Hardware.Udp.Gather;

/// <summary>bpf(2): the five commands that steering needs, and their attributes as the kernel lays them out.</summary>
internal static unsafe partial class Bpf
{
    /// <summary>BPF_MAP_TYPE_ARRAY.</summary>
    internal const uint ArrayMap = 2;

    /// <summary>BPF_MAP_TYPE_SOCKMAP.</summary>
    internal const uint SocketMap = 15;

    private const int CreateMapCommand = 0;
    private const int UpdateElementCommand = 2;
    private const int LoadProgramCommand = 5;
    private const int CreateLinkCommand = 28;
    private const uint SocketLookupProgram = 30;
    private const uint SocketLookupAttach = 36;
    private const int NameBytes = 16;
    private const int LogBytes = 16 * 1024;

    private static nint CallNumber => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 321,
        Architecture.Arm64 => 280,
        _ => throw new PlatformNotSupportedException("bpf(2) has no known number on this processor."),
    };

    /// <summary>Creates a map whose key is 4 bytes.</summary>
    /// <returns>The map, or null with errno.</returns>
    internal static SafeFileHandle? CreateMap(uint type, uint valueBytes, uint entries, string name, out int error)
    {
        var attributes = new MapAttributes
        {
            Type = type, KeyBytes = sizeof(uint), ValueBytes = valueBytes, Entries = entries,
        };
        Name(name, attributes.Name);
        return Descriptor(CreateMapCommand, &attributes, sizeof(MapAttributes), out error);
    }

    /// <summary>Sets an entry.</summary>
    /// <returns>0 or errno.</returns>
    internal static int Update<T>(SafeFileHandle map, uint key, T value)
        where T : unmanaged
    {
        var attributes = new ElementAttributes
        {
            Map = Number(map), Key = (ulong)&key, Value = (ulong)&value,
        };
        return Call(UpdateElementCommand, &attributes, sizeof(ElementAttributes)) < 0
            ? Marshal.GetLastPInvokeError()
            : 0;
    }

    /// <summary>Loads a socket look-up program.</summary>
    /// <param name="instructions">The program.</param>
    /// <param name="name">Its name, as bpftool shows it.</param>
    /// <param name="error">Errno.</param>
    /// <param name="log">What the verifier says when it refuses.</param>
    /// <returns>The program, or null.</returns>
    internal static SafeFileHandle? LoadProgram(
        ReadOnlySpan<ulong> instructions, string name, out int error, out string log)
    {
        var text = new byte[LogBytes];
        fixed (ulong* code = instructions)
        fixed (byte* license = "Apache-2.0\0"u8, logBytes = text)
        {
            var attributes = new ProgramAttributes
            {
                Type = SocketLookupProgram,
                Count = (uint)instructions.Length,
                Instructions = (ulong)code,
                License = (ulong)license,
                LogLevel = 1,
                LogBytes = LogBytes,
                Log = (ulong)logBytes,
                ExpectedAttach = SocketLookupAttach,
            };
            Name(name, attributes.Name);
            var program = Descriptor(LoadProgramCommand, &attributes, sizeof(ProgramAttributes), out error);
            log = program is null ? Encoding.ASCII.GetString(text).TrimEnd('\0').Trim() : "";
            return program;
        }
    }

    /// <summary>Attaches a program to a network namespace for as long as the link is open, also by the death of its holder.</summary>
    /// <returns>The link, or null with errno.</returns>
    internal static SafeFileHandle? Attach(SafeFileHandle program, SafeFileHandle networkNamespace, out int error)
    {
        var attributes = new LinkAttributes
        {
            Program = Number(program), Target = Number(networkNamespace), Attach = SocketLookupAttach,
        };
        return Descriptor(CreateLinkCommand, &attributes, sizeof(LinkAttributes), out error);
    }

    /// <summary>The number of a descriptor that its holder keeps open meanwhile.</summary>
    internal static uint Number(SafeFileHandle handle) => (uint)handle.DangerousGetHandle();

    private static SafeFileHandle? Descriptor(int command, void* attributes, int size, out int error)
    {
        var result = Call(command, attributes, size);
        error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
        return result < 0 ? null : new SafeFileHandle(result, ownsHandle: true);
    }

    private static nint Call(int command, void* attributes, int size) =>
        SystemCall(CallNumber, command, (nint)attributes, size);

    // The kernel takes 15 bytes and a zero.
    private static void Name(string name, byte* into) =>
        Encoding.ASCII.GetBytes(name.AsSpan(0, Math.Min(name.Length, NameBytes - 1)), new Span<byte>(into, NameBytes));

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint command, nint attributes, nint size);

    [StructLayout(LayoutKind.Explicit, Size = 48)]
    private struct MapAttributes
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint KeyBytes;
        [FieldOffset(8)] public uint ValueBytes;
        [FieldOffset(12)] public uint Entries;
        [FieldOffset(28)] public fixed byte Name[NameBytes];
    }

    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct ElementAttributes
    {
        [FieldOffset(0)] public uint Map;
        [FieldOffset(8)] public ulong Key;
        [FieldOffset(16)] public ulong Value;
        [FieldOffset(24)] public ulong Flags;
    }

    [StructLayout(LayoutKind.Explicit, Size = 72)]
    private struct ProgramAttributes
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint Count;
        [FieldOffset(8)] public ulong Instructions;
        [FieldOffset(16)] public ulong License;
        [FieldOffset(24)] public uint LogLevel;
        [FieldOffset(28)] public uint LogBytes;
        [FieldOffset(32)] public ulong Log;
        [FieldOffset(48)] public fixed byte Name[NameBytes];
        [FieldOffset(68)] public uint ExpectedAttach;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct LinkAttributes
    {
        [FieldOffset(0)] public uint Program;
        [FieldOffset(4)] public uint Target;
        [FieldOffset(8)] public uint Attach;
        [FieldOffset(12)] public uint Flags;
    }
}
