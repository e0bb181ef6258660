using System.Text;

namespace Talreg.Evidence.Chunks;

/// <summary>Offsets and sizes of FORMAT.md §2 and §3.</summary>
internal static class ChunkLayout
{
    internal const byte Version = 1;
    internal const byte KindRtp = 1;

    internal const int VersionOffset = 4;
    internal const int KindOffset = 5;
    internal const int HeaderLengthOffset = 6;
    internal const int FlagsOffset = 8;
    internal const int StreamOffset = 12;
    internal const int Reserved1Offset = 14;
    internal const int TakeOffset = 16;
    internal const int TenantOffset = 32;
    internal const int TenantSize = 32;
    internal const int SiteOffset = 64;
    internal const int SiteSize = 16;
    internal const int IndexOffset = 80;
    internal const int SlotOffset = 88;
    internal const int PacketsOffset = 92;
    internal const int EpochOffset = 96;
    internal const int IncarnationOffset = 104;
    internal const int BootIdOffset = 120;
    internal const int FirstArrivalOffset = 136;
    internal const int LastArrivalOffset = 144;
    internal const int RealTimeOffsetOffset = 152;
    internal const int ClockQualityOffset = 160;
    internal const int Reserved2Offset = 161;
    internal const int MaxClockErrorOffset = 164;
    internal const int LengthOffset = 168;
    internal const int Reserved3Offset = 172;
    internal const int CommitmentOffset = 176;

    internal static ReadOnlySpan<byte> Magic => "TLC1"u8;

    /// <summary>True for a name of the format that fits its field.</summary>
    internal static bool IsName(string name, int fieldSize)
    {
        if (name.Length == 0 || name.Length > fieldSize)
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!IsNameByte(c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes a checked name and pads it with zero bytes.</summary>
    internal static void WriteName(string name, Span<byte> field)
    {
        field.Clear();
        Encoding.ASCII.GetBytes(name, field);
    }

    /// <summary>Reads a name field; false when it is empty, wrongly padded or has other characters.</summary>
    internal static bool TryReadName(ReadOnlySpan<byte> field, out string name)
    {
        name = "";
        var length = field.IndexOf((byte)0);
        length = length < 0 ? field.Length : length;
        if (length == 0 || field[length..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        foreach (var b in field[..length])
        {
            if (!IsNameByte((char)b))
            {
                return false;
            }
        }

        name = Encoding.ASCII.GetString(field[..length]);
        return true;
    }

    private static bool IsNameByte(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-';
}
