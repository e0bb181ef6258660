namespace Talreg.Media.Tests.Codecs;

/// <summary>The packets of an Ogg file with one stream (RFC 3533 §6), headers first.</summary>
internal static class OggPackets
{
    private const int PageHeader = 27;

    public static List<byte[]> Read(ReadOnlySpan<byte> file)
    {
        var packets = new List<byte[]>();
        var open = new List<byte>();
        while (!file.IsEmpty)
        {
            Assert.True(file.StartsWith("OggS"u8), "not a page");
            var lacing = file.Slice(PageHeader, file[26]);
            var at = PageHeader + lacing.Length;
            foreach (var length in lacing)
            {
                open.AddRange(file.Slice(at, length));
                at += length;
                if (length < 255)
                {
                    packets.Add([.. open]);
                    open.Clear();
                }
            }

            file = file[at..];
        }

        return packets;
    }
}
