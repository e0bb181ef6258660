using System.Text;

namespace Talreg.Verify.Tests;

/// <summary>Writes the canonical ZIP of FORMAT §8.</summary>
internal static class SampleZip
{
    public static byte[] Of(IReadOnlyDictionary<string, byte[]> members)
    {
        var (file, directory) = (new List<byte>(), new List<byte>());
        foreach (var (name, data) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            var offset = file.Count;
            byte[] common =
            [
                20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, .. Le32(Crc32(data)), .. Le32(data.Length), .. Le32(data.Length),
                (byte)name.Length, 0, 0, 0,
            ];
            file.AddRange([0x50, 0x4b, 3, 4, .. common, .. Encoding.ASCII.GetBytes(name), .. data]);
            directory.AddRange(
            [
                0x50, 0x4b, 1, 2, 20, 0, .. common, .. new byte[10], .. Le32(offset), .. Encoding.ASCII.GetBytes(name),
            ]);
        }

        var count = (byte)members.Count;
        return
        [
            .. file, .. directory, 0x50, 0x4b, 5, 6, 0, 0, 0, 0, count, 0, count, 0,
            .. Le32(directory.Count), .. Le32(file.Count), 0, 0,
        ];
    }

    private static byte[] Le32(long value) =>
        [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];

    private static uint Crc32(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
