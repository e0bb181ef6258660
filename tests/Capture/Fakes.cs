using System.Buffers.Binary;
using System.Collections.Concurrent;
using Talreg.Capture.Journal;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;
using Talreg.Store.Journal;

namespace Talreg.Capture.Tests;

/// <summary>A device whose shard is the calling thread: tests say what arrives and when.</summary>
internal sealed unsafe class FakeDevice : ICaptureDevice
{
    private readonly byte[] _buffer = GC.AllocateArray<byte>(65536, pinned: true);
    private ICaptureSink? _sink;
    private ushort _next = 30000;

    public int ShardCount => 1;

    public int FreePairs => int.MaxValue;

    public long NowNs { get; set; } = MachineClock.MonotonicNs();

    public void Start(ICaptureSink sink) => _sink = sink;

    public ValueTask<PortGrant> OpenAsync(int pairs, int? shard = null, CancellationToken cancellationToken = default)
    {
        var granted = new PortPair[pairs];
        for (var i = 0; i < pairs; i++, _next += 2)
        {
            granted[i] = new PortPair(_next, 0);
        }

        return new(new PortGrant(PortRefusal.None, granted));
    }

    public ValueTask CloseAsync(PortPair pair) => ValueTask.CompletedTask;

    public void Wake(int shard) => Tick();

    public void Tick() => _sink!.OnEvent(new DeviceEvent { Kind = DeviceEventKind.Tick, Shard = 0, Clock = Clock() });

    public void Drop(ushort port, long count) => _sink!.OnEvent(new DeviceEvent
    {
        Kind = DeviceEventKind.KernelDrops, Shard = 0, LocalPort = port, Count = count, Clock = Clock(),
    });

    public void Deliver(ushort port, ReadOnlySpan<byte> packet, SourceAddress source, long? arrivalNs = null)
    {
        packet.CopyTo(_buffer);
        fixed (byte* address = _buffer)
        {
            var datagram = new Datagram(
                (nint)address, packet.Length, port, arrivalNs ?? NowNs, source, DatagramFlags.None);
            _sink!.OnBatch(new DatagramBatch
            {
                Shard = 0, RealTimeOffsetNs = 0, Datagrams = new ReadOnlySpan<Datagram>(in datagram),
            });
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ClockReading Clock() => new(NowNs, 0, ClockState.FreeRunning, 7);
}

internal sealed record StoredPacket(int Stream, FrameFlags Flags, byte[] Bytes);

internal sealed record StoredChunk(ChunkFacts Facts, int Length, IReadOnlyList<StoredPacket> Packets);

/// <summary>A journal in memory that reads every chunk back.</summary>
internal sealed class MemoryJournal : ICaptureJournal, IChunkProducer
{
    public ConcurrentQueue<StoredChunk> Chunks { get; } = new();

    public bool Refuse { get; set; }

    public bool Discard { get; set; }

    public double Use { get; set; }

    public long StartNs { get; set; }

    public IEnumerable<StoredPacket> Packets => Chunks.SelectMany(c => c.Packets);

    public IChunkProducer CreateProducer() => this;

    public ITakeLog OpenTake(TakeIdentity identity, ReadOnlySpan<byte> factsJson) => new Log(StartNs, identity);

    public bool TryAppend(ITakeLog take, in ChunkFacts facts, ReadOnlySpan<byte> plainText)
    {
        if (Refuse || Discard)
        {
            return !Refuse;
        }

        var packets = new List<StoredPacket>();
        var reader = new FrameReader(plainText);
        while (reader.MoveNext())
        {
            packets.Add(new StoredPacket(facts.Stream, reader.Current.Flags, reader.Current.Packet.ToArray()));
        }

        Assert.Null(reader.Error);
        Assert.Equal((int)facts.Packets, packets.Count);
        Chunks.Enqueue(new StoredChunk(facts, plainText.Length, packets));
        return true;
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }

    /// <summary>What a verifier counts: missing extended numbers per SSRC over what is stored.</summary>
    public long CountLost(int stream)
    {
        var seen = new Dictionary<uint, (long Highest, HashSet<long> Numbers)>();
        foreach (var packet in Packets.Where(p => p.Stream == stream && p.Flags == FrameFlags.None))
        {
            var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet.Bytes.AsSpan(8));
            var sequence = BinaryPrimitives.ReadUInt16BigEndian(packet.Bytes.AsSpan(2));
            var (highest, numbers) = seen.TryGetValue(ssrc, out var known) ? known : (sequence, []);
            var extended = highest + (short)(ushort)(sequence - (ushort)highest);
            numbers.Add(extended);
            seen[ssrc] = (Math.Max(highest, extended), numbers);
        }

        return seen.Values.Sum(s => s.Numbers.Max() - s.Numbers.Min() + 1 - s.Numbers.Count);
    }

    private sealed class Log(long startNs, TakeIdentity identity) : ITakeLog
    {
        public long StartMonotonicNs => startNs;

        public ulong CommittedChunks => 0;

        public JournalTake? Volume => null;

        public ValueTask<ClosedTake> CloseAsync(byte reason, CancellationToken cancellationToken) =>
            new(new ClosedTake(identity, 0, new byte[32], DateTimeOffset.UnixEpoch, reason));
    }
}

internal static class Rtp
{
    internal static readonly SourceAddress Caller = SourceAddress.FromIPv4(0x7F000001, 5004);
    internal static readonly SourceAddress Stranger = SourceAddress.FromIPv4(0x7F000002, 5004);

    internal static readonly StreamPlan Plan = new("1", 8, 8000, "PCMA");

    internal static TakeIdentity Identity() => new()
    {
        CallId = Guid.CreateVersion7(), TakeId = Guid.CreateVersion7(), Tenant = "default", Site = "here", Epoch = 1,
    };

    internal static byte[] Packet(int sequence, uint ssrc = 1, byte fill = 0xD5, int payload = 160)
    {
        var packet = new byte[12 + payload];
        packet[0] = 0x80;
        packet[1] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(sequence * 160));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        packet.AsSpan(12).Fill(fill);
        return packet;
    }
}
