using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Capture.PreBuffer;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

/// <summary>The pre-buffer over sockets and a real volume: what reaches the disk, and what never does.</summary>
public sealed class PreBufferVolumeTests : IDisposable
{
    private const int Packets = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-prebuffer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kept_packets_reach_the_volume_with_a_start_and_no_byte_of_them_without(bool start)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var root = new RootKey(RandomNumberGenerator.GetBytes(32));
        using var keys = FileKeyStore.Open(_folder, root);
        using var pool = new PreBufferPool(32 * PreBufferPool.BlockBytes);
        TakeResult result;
        await using (var volume = await TakeJournal.OpenAsync(
            new JournalOptions { Volumes = [_folder], SegmentBytes = 1024 * 1024 }, keys, TimeProvider.System, cancel))
        await using (var engine = new CaptureEngine(
            new UdpDevice(new UdpDeviceOptions
            {
                Address = IPAddress.Loopback, Ports = new PortRange { Low = 29200, High = 29219 },
            }),
            volume,
            preBuffer: pool))
        {
            var facts = CanonicalJson.Write(new JsonObject
            {
                ["startMonotonicNs"] =
                    CaptureEngine.ReadClock().MonotonicNs.ToString(CultureInfo.InvariantCulture),
            });
            var take = await engine.OpenTakeAsync(
                Rtp.Identity(), facts, [Rtp.Plan], recording: false, preBuffer: PreBufferPool.MaxWindow,
                cancellationToken: cancel);
            await SendAsync(engine, take.Ports[0].Rtp);
            Assert.Equal(Packets, engine.Snapshot(take).Streams[0].Prebuffered);
            if (start)
            {
                await engine.SetRecordingAsync(take, on: true, cancel);
            }

            result = await engine.CloseTakeAsync(take, 1, cancel);
        }

        var stream = result.Final.Streams[0];
        var expected = start ? (Packets, 0) : (0, Packets);
        Assert.Equal(expected, ((int)stream.Packets, (int)stream.Suppressed));
        Assert.Equal(start, result.Closed.Chunks > 0);
        Assert.False(Holds(_folder, Marker), "The payload lies on the disk in clear.");
        Assert.Equal(start, FilledBytes(_folder) > Packets * 160);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "control"), Marker, cancel);
        Assert.True(Holds(_folder, Marker), "The search does not find what is there.");
    }

    private static readonly byte[] Marker = [.. Enumerable.Repeat((byte)0x5A, 64)];

    private static bool Holds(string folder, byte[] marker) =>
        Files(folder).Any(file => File.ReadAllBytes(file).AsSpan().IndexOf(marker) >= 0);

    // What was written of preallocated files: without a start hardly more than the records that open and close a take.
    private static long FilledBytes(string folder) =>
        Files(folder).Sum(file => File.ReadAllBytes(file).LongCount(value => value != 0));

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories);

    private static async Task SendAsync(CaptureEngine engine, ushort port)
    {
        using var sender = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        for (var i = 0; i < Packets; i++)
        {
            sender.Send(Rtp.Packet(i, ssrc: 0x01010101, fill: 0x5A), new IPEndPoint(IPAddress.Loopback, port));
        }

        await Wait.UntilAsync(() => engine.Totals.Received == Packets, "all packets to be received");
    }
}
