namespace Talreg.Evidence.Bundles;

/// <summary>CRC-32 as ZIP has it (reflected polynomial 0xEDB88320), eight bytes a step.</summary>
internal struct Crc32
{
    private static readonly uint[][] Tables = MakeTables();
    private uint _inverted;

    /// <summary>The checksum of what was appended.</summary>
    internal readonly uint Value => _inverted ^ 0xFFFFFFFF;

    /// <summary>A checksum of nothing.</summary>
    internal static Crc32 Start() => new() { _inverted = 0xFFFFFFFF };

    internal void Append(ReadOnlySpan<byte> data)
    {
        var crc = _inverted;
        while (data.Length >= 8)
        {
            crc ^= (uint)(data[0] | (data[1] << 8) | (data[2] << 16) | (data[3] << 24));
            crc = Tables[7][crc & 0xFF] ^ Tables[6][(crc >> 8) & 0xFF]
                ^ Tables[5][(crc >> 16) & 0xFF] ^ Tables[4][crc >> 24]
                ^ Tables[3][data[4]] ^ Tables[2][data[5]] ^ Tables[1][data[6]] ^ Tables[0][data[7]];
            data = data[8..];
        }

        foreach (var b in data)
        {
            crc = Tables[0][(crc ^ b) & 0xFF] ^ (crc >> 8);
        }

        _inverted = crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (var t = 0; t < tables.Length; t++)
        {
            tables[t] = new uint[256];
            for (var i = 0u; i < 256; i++)
            {
                tables[t][i] = t == 0 ? Byte(i) : tables[0][tables[t - 1][i] & 0xFF] ^ (tables[t - 1][i] >> 8);
            }
        }

        return tables;
    }

    private static uint Byte(uint value)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 1 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
        }

        return value;
    }
}
