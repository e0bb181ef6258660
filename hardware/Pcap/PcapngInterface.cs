using System.Buffers.Binary;

namespace Talreg.Hardware.Pcap;

/// <summary>An interface of a pcapng section: how its packets begin, and how its times count.</summary>
/// <param name="LinkType">LINKTYPE_ number.</param>
/// <param name="SnapLength">The most bytes it keeps of a packet; 0 for all.</param>
/// <param name="UnitsPerSecond">The resolution of its times.</param>
/// <param name="OffsetSeconds">What to add to its times.</param>
internal sealed record PcapngInterface(int LinkType, uint SnapLength, ulong UnitsPerSecond, long OffsetSeconds)
{
    private const ushort EndOfOptions = 0;
    private const ushort TimeResolution = 9;
    private const ushort TimeOffset = 14;
    private const int PowerOfTwo = 0x80;
    private const int MaxPowerOfTen = 19;
    private const int MaxPowerOfTwo = 63;

    /// <summary>Reads an Interface Description Block: link type, reserved, snap length, options.</summary>
    internal static PcapngInterface Read(ReadOnlySpan<byte> body, bool isBigEndian, long at)
    {
        var linkType = Half(body, isBigEndian);
        var snapLength = isBigEndian
            ? BinaryPrimitives.ReadUInt32BigEndian(body[4..])
            : BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
        ulong units = 1_000_000;
        long offset = 0;
        var options = body[8..];
        while (options.Length >= 4)
        {
            var code = Half(options, isBigEndian);
            var length = Half(options[2..], isBigEndian);
            var padded = (length + 3) & ~3;
            if (code == EndOfOptions)
            {
                break;
            }

            if (padded > options.Length - 4)
            {
                throw new CaptureFileException(
                    CaptureFileFault.BadLength, at, $"An option of {length} bytes in a block that leaves less");
            }

            var value = options.Slice(4, length);
            if (code == TimeResolution && length == 1)
            {
                units = Resolution(value[0], at);
            }
            else if (code == TimeOffset && length == sizeof(long))
            {
                offset = isBigEndian
                    ? BinaryPrimitives.ReadInt64BigEndian(value)
                    : BinaryPrimitives.ReadInt64LittleEndian(value);
            }

            options = options[(4 + padded)..];
        }

        return new PcapngInterface(linkType, snapLength, units, offset);
    }

    /// <summary>A packet's time in nanoseconds of Unix time.</summary>
    internal long ToUnixNs(ulong ticks, long at)
    {
        var nanoseconds = ((Int128)ticks * 1_000_000_000 / UnitsPerSecond) + ((Int128)OffsetSeconds * 1_000_000_000);
        return nanoseconds >= 0 && nanoseconds <= long.MaxValue
            ? (long)nanoseconds
            : throw new CaptureFileException(
                CaptureFileFault.BadTime, at, "A time that does not fit 64-bit nanoseconds");
    }

    // The top bit chooses between negative powers of 2 and of 10.
    private static ulong Resolution(byte value, long at)
    {
        var power = value & ~PowerOfTwo;
        var isTwo = (value & PowerOfTwo) != 0;
        if (power > (isTwo ? MaxPowerOfTwo : MaxPowerOfTen))
        {
            throw new CaptureFileException(CaptureFileFault.BadTime, at, $"A time resolution of {value:X2}");
        }

        if (isTwo)
        {
            return 1UL << power;
        }

        var units = 1UL;
        for (var i = 0; i < power; i++)
        {
            units *= 10;
        }

        return units;
    }

    private static ushort Half(ReadOnlySpan<byte> at, bool isBigEndian) => isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(at)
        : BinaryPrimitives.ReadUInt16LittleEndian(at);
}
