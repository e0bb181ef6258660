using Talreg.Hardware.Pcap;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests.Pcap;

/// <summary>Files as another program writes them.</summary>
public sealed class EditcapTests : IDisposable
{
    private const long Time = 1_700_000_000_123_456_789;

    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-editcap-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pcap", Time / 1000 * 1000)]
    [InlineData("nsecpcap", Time)]
    [InlineData("pcapng", Time)]
    public async Task Read_file_converted_by_editcap_holds_the_same_frames(string format, long unixNs)
    {
        var editcap = Peer.Require("editcap", "wireshark-common");
        var frame = Trace.Ethernet(Trace.IPv4(Trace.Caller, Trace.To(5004), [1, 2, 3]), 0x8100);
        await File.WriteAllBytesAsync(
            Path.Combine(_folder, "in"),
            Trace.Pcap(LinkLayer.Ethernet, [(Time, frame), (Time, frame)], isBigEndian: true, nanoseconds: true),
            TestContext.Current.CancellationToken);
        var (code, output) = await Peer.RunAsync(
            editcap,
            ["-F", format, "in", "out"],
            _folder,
            TimeSpan.FromSeconds(30),
            TestContext.Current.CancellationToken);
        Assert.True(code == 0, output);

        await using var file = File.OpenRead(Path.Combine(_folder, "out"));
        var reader = CaptureFile.Open(file);
        for (var i = 0; i < 2; i++)
        {
            Assert.True(reader.TryRead(out var read));
            Assert.Equal((LinkLayer.Ethernet, unixNs), (read.LinkType, read.UnixNs));
            Assert.Equal(frame, read.Bytes.ToArray());
        }

        Assert.False(reader.TryRead(out _));
    }
}
