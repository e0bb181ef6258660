using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

/// <summary>From a socket through a real volume into a recording that opens.</summary>
public sealed class VolumeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-capture-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Take_recorded_paused_and_sealed_holds_what_was_sent_and_nothing_of_the_pause()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var root = new RootKey(RandomNumberGenerator.GetBytes(32));
        using var keys = FileKeyStore.Open(_folder, root);
        var recordings = new RecordingStore(_folder, keys);
        await using var volume = await TakeJournal.OpenAsync(
            new JournalOptions { Volumes = [_folder], SegmentBytes = 1024 * 1024 }, keys, TimeProvider.System, cancel);
        await using var engine = new CaptureEngine(
            new UdpDevice(new UdpDeviceOptions
            {
                Address = IPAddress.Loopback, Ports = new PortRange { Low = 29100, High = 29119 },
            }),
            volume);
        var identity = Rtp.Identity();
        var facts = CanonicalJson.Write(new JsonObject
        {
            ["startMonotonicNs"] = Text(CaptureEngine.ReadClock().MonotonicNs),
        });
        var take = await engine.OpenTakeAsync(identity, facts, [Rtp.Plan, Rtp.Plan], cancellationToken: cancel);

        await SendAsync(engine, take, first: 0, fill: 0xD5);
        await engine.SetRecordingAsync(take, on: false, cancel);
        await SendAsync(engine, take, first: 100, fill: 0x5A);
        await engine.SetRecordingAsync(take, on: true, cancel);
        await SendAsync(engine, take, first: 200, fill: 0xD5);
        var result = await engine.CloseTakeAsync(take, 1, cancel);

        Assert.Equal(result.Closed.Chunks, result.Final.CommittedChunks);
        Assert.All(result.Final.Streams, s => Assert.Equal((200L, 100L, 100L), (s.Packets, s.Suppressed, s.Lost)));
        await recordings.SealAsync(
            new SealRequest
            {
                Take = take.Journal,
                Closed = result.Closed,
                Descriptor = new JsonObject { ["startMonotonicNs"] = Text(take.StartMonotonicNs) },
                Metadata = [],
            },
            cancel);
        Assert.True(recordings.TryOpen(identity.Tenant, identity.TakeId, out var reader));
        using (reader)
        {
            Assert.Null(reader.Verify(cancel));
            var key = new byte[32];
            Assert.True(recordings.TryGetTakeKey(identity.Tenant, identity.TakeId, key));
            AssertContent(reader, key);
        }
    }

    private static void AssertContent(RecordingReader reader, byte[] key)
    {
        var packets = 0;
        foreach (var chunk in reader.OpenChunks(key))
        {
            var frames = new FrameReader(chunk.PlainText.Span);
            while (frames.MoveNext())
            {
                Assert.True(frames.Current.Packet[12..].IndexOf((byte)0x5A) < 0, "A packet of the pause was stored.");
                packets++;
            }

            Assert.Null(frames.Error);
        }

        Assert.Equal(400, packets);
    }

    // 100 packets to each stream, then until all are read: what follows is not mixed with them.
    private static async Task SendAsync(CaptureEngine engine, CaptureTake take, int first, byte fill)
    {
        var before = engine.Totals.Received;
        using var sender = new UdpClient(new IPEndPoint(IPAddress.Loopback, 29150));
        for (var i = 0; i < 100; i++)
        {
            var packet = Rtp.Packet(first + i, ssrc: 0x01010101, fill: fill);
            foreach (var pair in take.Ports)
            {
                sender.Send(packet, new IPEndPoint(IPAddress.Loopback, pair.Rtp));
            }
        }

        await Wait.UntilAsync(() => engine.Totals.Received == before + 200, "200 packets");
    }

    // Decimal text: nanoseconds since boot may pass what JSON's integers hold (FORMAT.md §5).
    private static string Text(long ns) => ns.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
