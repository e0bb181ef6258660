using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Talreg.Capture.Streams;

/// <summary>
/// Hints that memory will be needed soon; of no effect but on time. An address of the managed heap is good enough for one,
/// even if the collector moves what lay there. Nothing on processors without the instruction.
/// </summary>
internal static unsafe class CacheLine
{
    private const int Size = 64;

    /// <summary>Fetches a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch<T>(ref T value)
        where T : allows ref struct
    {
        if (Sse.IsSupported)
        {
            Prefetch((byte*)Unsafe.AsPointer(ref value), Unsafe.SizeOf<T>());
        }
    }

    /// <summary>Fetches bytes of an array, whether or not they lie within it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch<T>(T[] array, int first, int bytes)
    {
        if (Sse.IsSupported)
        {
            var start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
            Prefetch(start + ((nint)first * Unsafe.SizeOf<T>()), bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* address, int bytes)
    {
        for (var offset = 0; offset < bytes + Size - 1; offset += Size)
        {
            Sse.Prefetch0(address + offset);
        }
    }
}
