using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Verify.Tests;

/// <summary>A take under construction: its chunks, in the clear and sealed. Written from FORMAT §1 to §5.</summary>
internal sealed class SampleTake
{
    private const long StartNs = 5_000_000_000;
    private static readonly byte[] Incarnation = Bytes(0x11, 16);

    public required Guid Call { get; init; }

    public required Guid Take { get; init; }

    public string Tenant { get; init; } = "acme";

    public int Seconds { get; init; } = 1;

    /// <summary>Sequence numbers of stream 0 that never came.</summary>
    public int[] Missing { get; init; } = [];

    public List<byte[]> Chunks { get; } = [];

    public byte[] TakeKey { get; } = Bytes(0x42, 32);

    public Guid Boot { get; } = Guid.Parse("0b0b0b0b-1111-4222-8333-444444444444");

    public static byte[] Bytes(byte value, int count)
    {
        var bytes = new byte[count];
        Array.Fill(bytes, value);
        return bytes;
    }

    public static byte[] Expand(byte[] key, ReadOnlySpan<byte> info)
    {
        var okm = new byte[32];
        HKDF.Expand(HashAlgorithmName.SHA256, key, okm, info);
        return okm;
    }

    public byte[] StreamKey(int stream) => Expand(TakeKey, [.. "talreg/1/stream"u8, 0, (byte)stream]);

    public byte[] SlotKey(int stream, int slot) =>
        Expand(StreamKey(stream), [.. "talreg/1/slot"u8, 0, 0, 0, (byte)slot]);

    public byte[] MetadataKey() => Expand(TakeKey, "talreg/1/metadata"u8);

    public void Record()
    {
        for (var tick = 0; tick < Seconds * 5; tick++)
        {
            for (var stream = 0; stream < 2; stream++)
            {
                var frames = Frames(stream, tick, out var packets);
                Chunks.Add(Seal(Chunks.Count + 1, stream, tick / 5, packets, frames, tick));
            }
        }
    }

    public byte[] Seal(int index, int stream, int slot, int packets, byte[] plain, int tick = 0)
    {
        var h = new byte[208];
        "TLC1"u8.CopyTo(h);
        (h[4], h[5], h[7], h[13]) = (1, 1, 208, (byte)stream);
        Take.ToByteArray(true).CopyTo(h, 16);
        System.Text.Encoding.ASCII.GetBytes(Tenant).CopyTo(h, 32);
        "s1"u8.CopyTo(h.AsSpan(64));
        BinaryPrimitives.WriteUInt64BigEndian(h.AsSpan(80), (ulong)index);
        BinaryPrimitives.WriteUInt32BigEndian(h.AsSpan(88), (uint)slot);
        BinaryPrimitives.WriteUInt32BigEndian(h.AsSpan(92), (uint)packets);
        BinaryPrimitives.WriteUInt64BigEndian(h.AsSpan(96), 7);
        Incarnation.CopyTo(h, 104);
        Boot.ToByteArray(true).CopyTo(h, 120);
        BinaryPrimitives.WriteInt64BigEndian(h.AsSpan(136), Arrival(tick, 0));
        BinaryPrimitives.WriteInt64BigEndian(h.AsSpan(144), Arrival(tick, 9));
        BinaryPrimitives.WriteInt64BigEndian(h.AsSpan(152), (SampleBundle.StartedAt * 1_000_000) - StartNs);
        h[160] = 2;
        BinaryPrimitives.WriteUInt32BigEndian(h.AsSpan(164), 250);
        BinaryPrimitives.WriteUInt32BigEndian(h.AsSpan(168), (uint)plain.Length);
        Expand(SlotKey(stream, slot), "talreg/1/commit"u8).CopyTo(h, 176);
        return [.. h, .. Encrypt(h, plain, stream, slot, index)];
    }

    /// <summary>Seals a chunk anew after its header was changed; needs the take key.</summary>
    public byte[] Reseal(byte[] chunk, Action<byte[]> change)
    {
        var header = chunk[..208];
        var (stream, slot, index) = (header[13], header[91], header[87]);
        var plain = new byte[chunk.Length - 224];
        using var aes = new AesGcm(WriterKey(stream, slot), 16);
        aes.Decrypt(Nonce(index), chunk.AsSpan(208, plain.Length), chunk.AsSpan(208 + plain.Length), plain, header);
        change(header);
        return [.. header, .. Encrypt(header, plain, header[13], header[91], header[87])];
    }

    public byte[] Head(IEnumerable<byte[]> chunks)
    {
        var tenant = new byte[32];
        System.Text.Encoding.ASCII.GetBytes(Tenant).CopyTo(tenant, 0);
        byte[] start = [2, 1, .. tenant, .. Call.ToByteArray(true), .. Take.ToByteArray(true)];
        return chunks.Aggregate(SHA256.HashData(start), (h, chunk) => SHA256.HashData([1, .. h, .. Link(chunk)]));
    }

    public byte[] File(byte[] descriptor, byte[] metadata, byte[] head)
    {
        byte[] header =
            [.. "TLK1"u8, 1, 0, 0, 0, .. Take.ToByteArray(true), .. Call.ToByteArray(true), .. new byte[24]];
        var (file, index) = (new List<byte>(header), new List<byte>());
        foreach (var chunk in Chunks)
        {
            index.AddRange(
            [
                .. U64(file.Count), .. U32(chunk.Length), chunk[12], chunk[13], 0, 0, .. chunk[88..96],
                .. Link(chunk),
            ]);
            file.AddRange(chunk);
        }

        byte[] footer =
        [
            .. U64(Chunks.Count), .. U64(file.Count), .. U64(file.Count + index.Count),
            .. U32(descriptor.Length), .. U32(metadata.Length), .. head,
            .. SHA256.HashData([.. descriptor, .. metadata]), .. new byte[24],
        ];
        return [.. file, .. index, .. descriptor, .. metadata, .. footer, .. U32(Crc32C(footer)), .. "TLE1"u8];
    }

    public byte[] SealJson(byte[] json)
    {
        var (nonce, cipher, tag) = (Bytes(0x77, 12), new byte[json.Length], new byte[16]);
        using var aes = new AesGcm(MetadataKey(), 16);
        aes.Encrypt(nonce, json, cipher, tag, Take.ToByteArray(true));
        return [.. U32(json.Length), .. nonce, .. cipher, .. tag];
    }

    public static byte[] Frame(byte flags, byte source, long arrival, byte[] body) =>
        [(byte)(body.Length >> 8), (byte)body.Length, flags, source, .. U64(arrival), .. body];

    public static byte[] Rtp(int sequence, uint ssrc, int payload = 160) =>
    [
        0x80, 8, (byte)(sequence >> 8), (byte)sequence, .. U32(sequence * 160L), .. U32(ssrc), .. Bytes(0xd5, payload),
    ];

    private static byte[] Link(byte[] chunk) =>
        SHA256.HashData([0, .. chunk[..208], .. SHA256.HashData(chunk.AsSpan(208))]);

    private byte[] Frames(int stream, int tick, out int packets)
    {
        packets = 0;
        var frames = new List<byte>(Frame(0x80, 0, Arrival(tick, 0), [0x40, 0, 10, 0, 0, (byte)(stream + 1)]));
        for (var i = 0; i < 10; i++)
        {
            var sequence = (65_530 + (tick * 10) + i) & 0xffff;
            if (stream != 0 || !Missing.Contains(sequence))
            {
                frames.AddRange(Frame(0, 0, Arrival(tick, i), Rtp(sequence, 0xA0 + (uint)stream)));
                packets++;
            }
        }

        return [.. frames];
    }

    private byte[] Encrypt(byte[] header, byte[] plain, int stream, int slot, int index)
    {
        var (cipher, tag) = (new byte[plain.Length], new byte[16]);
        using var aes = new AesGcm(WriterKey(stream, slot), 16);
        aes.Encrypt(Nonce(index), plain, cipher, tag, header);
        return [.. cipher, .. tag];
    }

    private byte[] WriterKey(int stream, int slot) =>
        Expand(SlotKey(stream, slot), [.. "talreg/1/writer"u8, .. Incarnation]);

    private static byte[] Nonce(int index) => [0, 0, 0, 0, .. U64(index)];

    private static long Arrival(int tick, int i) => StartNs + (tick * 200_000_000L) + (i * 20_000_000L);

    public static byte[] U64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] U32(long value) => U64(value)[4..];

    public static uint Crc32C(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
