using Talreg.Media.Codecs;

namespace Talreg.Media.Tests.Codecs;

/// <summary>Packs AMR frames into payloads, written from RFC 4867 §4.3 and §4.4 as strings of bits.</summary>
internal static class AmrPacker
{
    public static byte[] Pack(AmrMode mode, IEnumerable<(int Type, bool Good, byte[] Data)> frames, bool aligned)
    {
        var list = frames.ToList();
        var bits = aligned ? "11110000" : "1111";
        for (var i = 0; i < list.Count; i++)
        {
            bits += i < list.Count - 1 ? "1" : "0";
            bits += Convert.ToString(list[i].Type, 2).PadLeft(4, '0') + (list[i].Good ? "1" : "0");
            bits += aligned ? "00" : "";
        }

        foreach (var (type, _, data) in list)
        {
            var all = string.Concat(data.Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
            bits += aligned ? all : all[..mode.Bits(type)];
        }

        bits = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
        return [.. bits.Chunk(8).Select(chunk => Convert.ToByte(new string(chunk), 2))];
    }

    /// <summary>The frames of a file (RFC 4867 §5.3).</summary>
    public static List<(int Type, bool Good, byte[] Data)> ReadFile(AmrMode mode, byte[] file)
    {
        var frames = new List<(int, bool, byte[])>();
        var at = mode.Magic.Length;
        while (at < file.Length)
        {
            var type = (file[at] >> 3) & 0x0F;
            var length = (mode.Bits(type) + 7) / 8;
            frames.Add((type, (file[at] & 4) != 0, file[(at + 1)..(at + 1 + length)]));
            at += 1 + length;
        }

        return frames;
    }
}
