using System.Buffers.Binary;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// Debian's sipp as the session border controller: two hundred SIPREC calls, fifty at once, with real G.711.
/// </summary>
public sealed class SippTests
{
    private const int Calls = 200;
    private const int AtOnce = 50;
    private const int PacketsPerLeg = 150;

    [Fact]
    public async Task Two_hundred_calls_fifty_at_once_are_all_sealed_found_and_lose_nothing()
    {
        var sipp = Peer.Require("sipp", "sip-tester");
        await using var recorder = await Recorder.StartAsync(ports: 800);
        var folder = Recorder.NewFolder();
        try
        {
            var scenario = Path.Combine(AppContext.BaseDirectory, "siprec.xml");
            await File.WriteAllBytesAsync(Path.Combine(folder, "voices.pcap"), Capture());
            string[] arguments =
            [
                $"{recorder.Sip}", "-sf", scenario, "-m", $"{Calls}", "-l", $"{AtOnce}", "-r", "25",
                "-i", "127.0.0.1", "-mp", "36000", "-nostdin", "-trace_err", "-timeout", "90",
            ];
            var (code, output) = await Peer.RunAsync(
                sipp, arguments, folder, TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            var errors = Directory.GetFiles(folder, "*errors.log").Select(File.ReadAllText).FirstOrDefault();
            Assert.True(code == 0, $"sipp ended with {code}: {errors}{output[Math.Max(0, output.Length - 2000)..]}");

            await TestKit.Wait.UntilAsync(
                async () => (await recorder.SearchAllAsync("state=sealed")).Count == Calls,
                $"{Calls} sealed calls",
                TimeSpan.FromSeconds(60));
            var calls = await recorder.SearchAllAsync("state=sealed");
            foreach (var call in calls)
            {
                var known = await recorder.GetAsync(call.Id.ToString());
                Assert.Equal(CallState.Sealed, known!.State);
                Assert.All(known.Takes.Single().Streams, stream => Assert.Equal(
                    (PacketsPerLeg, 0L, 0L), (stream.Packets, stream.Lost, stream.KernelDrops)));
            }

            await AssertHeardAsync(recorder, calls[7]);
            await AssertHeardAsync(recorder, calls[Calls / 2]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task AssertHeardAsync(Recorder recorder, CallDocument call)
    {
        var wav = Wav.Read(await recorder.AudioAsync(call.Id));
        var length = PacketsPerLeg * 160;
        Assert.True(Wav.Find(wav.Left, Wav.DecodeALaw(DemoVoices.Caller().AsSpan(0, length))) >= 0, "left leg");
        Assert.True(Wav.Find(wav.Right, Wav.DecodeALaw(DemoVoices.Agent().AsSpan(0, length))) >= 0, "right leg");
    }

    // A classic capture of both legs: sipp adds the distance between a packet's port and the first packet's to the answered
    // port, so that the second leg, two ports higher here, reaches the second m-line.
    private static byte[] Capture()
    {
        var legs = new[] { DemoVoices.Caller(), DemoVoices.Agent() };
        var file = new MemoryStream();
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        file.Write(header);
        for (var i = 0; i < PacketsPerLeg; i++)
        {
            for (var leg = 0; leg < legs.Length; leg++)
            {
                Write(file, i, leg, legs[leg].AsSpan(i * 160, 160));
            }
        }

        return file.ToArray();
    }

    private static void Write(MemoryStream file, int index, int leg, ReadOnlySpan<byte> voice)
    {
        const int Ethernet = 14;
        const int Ip = 20;
        const int Udp = 8;
        const int Rtp = 12;
        const int Length = Ethernet + Ip + Udp + Rtp + 160;
        Span<byte> record = stackalloc byte[16 + Length];
        record.Clear();
        var micros = (index * 20_000) + (leg * 10);
        BinaryPrimitives.WriteInt32LittleEndian(record, 1_000_000 + (micros / 1_000_000));
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], micros % 1_000_000);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], Length);
        var packet = record[16..];
        packet[12] = 0x08;
        var ip = packet[Ethernet..];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], Length - Ethernet);
        ip[8] = 64;
        ip[9] = 17;
        ip[12] = ip[16] = 127;
        ip[15] = ip[19] = 1;
        var udp = ip[Ip..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, 36000);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)(20000 + (2 * leg)));
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], Udp + Rtp + 160);
        var rtp = udp[Udp..];
        rtp[0] = 0x80;
        rtp[1] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(rtp[2..], (ushort)index);
        BinaryPrimitives.WriteUInt32BigEndian(rtp[4..], (uint)(index * 160));
        BinaryPrimitives.WriteUInt32BigEndian(rtp[8..], (uint)(0x1000 + leg));
        voice.CopyTo(rtp[Rtp..]);
        file.Write(record);
    }
}
