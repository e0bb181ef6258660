using System.Buffers.Binary;
using System.Numerics;

namespace Talreg.Store.IO;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction where it has one.</summary>
internal struct Crc32C
{
    private uint _state;

    private Crc32C(uint state) => _state = state;

    /// <summary>The value over all bytes appended so far.</summary>
    internal readonly uint Value => ~_state;

    internal static Crc32C Start() => new(uint.MaxValue);

    internal static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = Start();
        crc.Append(bytes);
        return crc.Value;
    }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        var state = _state;
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            state = BitOperations.Crc32C(state, b);
        }

        _state = state;
    }
}
