using System.Text.Json;
using Talreg.Capture.Rtcp;
using Talreg.Capture.Srtp;
using Talreg.Evidence.Chunks;

namespace Talreg.Capture.Tests;

/// <summary>What the media path may allocate stands in benchmarks/budgets.json; time is reported there, not gated here.</summary>
public sealed class BudgetTests
{
    private const int WarmUp = 4_000;
    private const int Packets = 40_000;
    private const int Chunks = 2_000;
    private const long PacketNs = 20_000_000;

    private static readonly JsonElement Budgets =
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "budgets.json"))).RootElement;

    [Fact]
    public async Task Receive_of_packets_over_many_chunks_allocates_within_its_budget()
    {
        var cancel = TestContext.Current.CancellationToken;
        var device = new FakeDevice();
        await using var engine = new CaptureEngine(device, new MemoryJournal { Discard = true }, TimeProvider.System);
        var take = await engine.OpenTakeAsync(
            Rtp.Identity(), default, [Rtp.Plan, Rtp.Plan], cancellationToken: cancel);
        var packet = Rtp.Packet(0);
        var (first, second) = (take.Ports[0].Rtp, take.Ports[1].Rtp);
        Deliver(device, first, second, packet, 0, WarmUp);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Deliver(device, first, second, packet, WarmUp, Packets);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        AssertWithin("receivedPacketBytes", allocated, 2 * Packets);
        Assert.Equal(2 * (WarmUp + Packets), engine.Totals.Stored);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(SrtpSuite.AesCm128Tag80)]
    [InlineData(SrtpSuite.AesGcm128)]
    public void Report_of_many_sources_allocates_within_its_budget(SrtpSuite? suite)
    {
        const int Reports = 1_000;
        var heard = new Reception();
        var copy = Reception.ForCopies();
        var workspace = new SrtpWorkspace(1024);
        var buffer = new byte[1024];
        var plan = Rtp.Plan with
        {
            Reports = new ReportPlan { Crypto = suite is { } given ? SrtpKeys.Create(given) : null },
        };
        using var session = new ReportSession("name"u8.ToArray(), joinedNs: 0);
        var packets = Enumerable.Range(1, Reception.MaxSources).Select(i => Rtp.Packet(0, (uint)i)).ToArray();
        Report(0, 100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Report(100, Reports);
        AssertWithin("reportBytes", GC.GetAllocatedBytesForCurrentThread() - before, Reports);

        void Report(int from, int count)
        {
            for (var i = from; i < from + count; i++)
            {
                foreach (var packet in packets)
                {
                    packet[2] = (byte)(i >> 8);
                    packet[3] = (byte)i;
                    heard.Add(packet, i * PacketNs, 8000);
                }

                heard.CopyTo(copy);
                session.Write(buffer, plan, copy, i * PacketNs, bye: false, workspace);
            }
        }
    }

    [Fact]
    public void Seal_of_a_chunk_allocates_within_its_budget()
    {
        using var sealer = NewSealer();
        Seal(sealer, 0, Chunks, chunksPerSlot: int.MaxValue);

        var allocated = Seal(sealer, 0, Chunks, chunksPerSlot: int.MaxValue);

        AssertWithin("sealedChunkBytes", allocated, Chunks);
    }

    [Fact]
    public void Seal_in_a_new_slot_allocates_within_the_budget_of_its_key()
    {
        using var sealer = NewSealer();
        Seal(sealer, 0, Chunks, chunksPerSlot: 1);

        var allocated = Seal(sealer, Chunks, Chunks, chunksPerSlot: 1);

        AssertWithin("slotKeyBytes", allocated, Chunks);
    }

    [Fact]
    public async Task Opening_a_call_allocates_no_more_than_a_live_call_may_hold()
    {
        const int Calls = 50;
        var cancel = TestContext.Current.CancellationToken;
        var device = new FakeDevice();
        await using var engine = new CaptureEngine(device, new MemoryJournal { Discard = true }, TimeProvider.System);
        var packet = Rtp.Packet(0);
        await OpenAsync();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < Calls; call++)
        {
            await OpenAsync();
        }

        AssertWithin("liveCallBytes", GC.GetAllocatedBytesForCurrentThread() - before, Calls);

        async Task OpenAsync()
        {
            var take = await engine.OpenTakeAsync(
                Rtp.Identity(), default, [Rtp.Plan, Rtp.Plan], cancellationToken: cancel);
            Deliver(device, take.Ports[0].Rtp, take.Ports[1].Rtp, packet, 0, 5);
        }
    }

    // A packet to each of the two ports, then 20 ms pass.
    private static void Deliver(FakeDevice device, ushort one, ushort other, byte[] packet, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            packet[2] = (byte)(i >> 8);
            packet[3] = (byte)i;
            device.Deliver(one, packet, Rtp.Caller);
            device.Deliver(other, packet, Rtp.Caller);
            device.NowNs += PacketNs;
            device.Tick();
        }
    }

    private static long Seal(TakeSealer sealer, int first, int count, int chunksPerSlot)
    {
        var text = new byte[2048];
        var chunk = new byte[ChunkHeader.MaxChunk];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = first; i < first + count; i++)
        {
            sealer.Seal(Facts((uint)(i / chunksPerSlot)), text, chunk);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static TakeSealer NewSealer() =>
        new(Rtp.Identity(), new byte[32], Guid.CreateVersion7(), Guid.CreateVersion7());

    private static ChunkFacts Facts(uint slot) => new()
    {
        Stream = 0, Slot = slot, Packets = 10, FirstArrivalNs = 1, LastArrivalNs = 2, RealTimeOffsetNs = 3,
    };

    private static void AssertWithin(string budget, long allocated, int operations)
    {
        var allowed = Budgets.GetProperty(budget).GetInt64() * operations;
        Assert.True(
            allocated <= allowed,
            $"{budget}: {operations} operations allocated {allocated} bytes; {allowed} are allowed.");
    }
}
