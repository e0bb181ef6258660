using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.TestKit;

/// <summary>
/// The sender's side of SRTP, written from RFC 3711, RFC 6188 and RFC 7714 with the library's one-shot functions. It shares
/// no code with the product.
/// </summary>
public class SrtpSealer
{
    private readonly string _suite;
    private readonly byte[] _key;
    private readonly byte[] _salt;
    private readonly byte[] _mki;

    /// <summary>Draws a key.</summary>
    /// <param name="suite">The suite as SDP spells it.</param>
    /// <param name="seed">The same seed draws the same key.</param>
    /// <param name="mki">The master key identifier each packet carries; null for none.</param>
    public SrtpSealer(string suite, int seed, byte[]? mki = null)
    {
        ArgumentNullException.ThrowIfNull(suite);
        _suite = suite;
        _mki = mki ?? [];
        var random = new Random(seed);
        _key = new byte[suite.Contains("256", StringComparison.Ordinal) ? 32 : 16];
        _salt = new byte[suite.Contains("GCM", StringComparison.Ordinal) ? 12 : 14];
        random.NextBytes(_key);
        random.NextBytes(_salt);
    }

    /// <summary>Takes a key that was answered.</summary>
    /// <param name="suite">The suite as SDP spells it.</param>
    /// <param name="keyAndSalt">Master key and master salt, as they stand behind <c>inline:</c>, decoded.</param>
    public SrtpSealer(string suite, ReadOnlySpan<byte> keyAndSalt)
        : this(suite, seed: 0)
    {
        keyAndSalt[.._key.Length].CopyTo(_key);
        keyAndSalt[_key.Length..].CopyTo(_salt);
    }

    /// <summary>Master key and master salt, one behind the other.</summary>
    public ReadOnlyMemory<byte> KeyAndSalt => (byte[])[.. _key, .. _salt];

    /// <summary>The <c>a=crypto</c> line that tells the key.</summary>
    /// <param name="tag">Its tag.</param>
    public string CryptoLine(int tag) => $"a=crypto:{tag} {_suite} inline:{Convert.ToBase64String(KeyAndSalt.Span)}";

    private bool IsGcm => _salt.Length == 12;

    /// <summary>An RTP packet, sealed.</summary>
    public byte[] Rtp(byte[] packet, uint rollover = 0)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var header = 12 + (4 * (packet[0] & 0x0F));
        header += (packet[0] & 0x10) == 0
            ? 0
            : 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(header + 2)));
        var index = ((long)rollover << 16) | BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2));
        var ssrc = packet.AsSpan(8, 4);
        if (IsGcm)
        {
            return [.. packet[..header], .. Gcm(0, ssrc, index, packet[header..], packet[..header]), .. _mki];
        }

        byte[] sealedPart = [.. packet[..header], .. Counter(0, ssrc, index, packet[header..])];
        var rollovers = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(rollovers, rollover);
        var tag = Tag(Derive(1, 20), [.. sealedPart, .. rollovers]);
        return [.. sealedPart, .. _mki, .. tag[..(_suite.EndsWith("32", StringComparison.Ordinal) ? 4 : 10)]];
    }

    /// <summary>An RTCP packet, sealed, or only authenticated.</summary>
    public byte[] Rtcp(byte[] packet, uint index, bool encrypt = true)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var word = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, index | (encrypt ? 0x8000_0000 : 0));
        var ssrc = packet.AsSpan(4, 4);
        if (IsGcm)
        {
            var clear = encrypt ? 8 : packet.Length;
            return
            [
                .. packet[..clear], .. Gcm(3, ssrc, index, packet[clear..], [.. packet[..clear], .. word]),
                .. word, .. _mki,
            ];
        }

        byte[] body =
        [
            .. packet[..8], .. encrypt ? Counter(3, ssrc, index, packet[8..]) : packet[8..], .. word,
        ];
        return [.. body, .. _mki, .. Tag(Derive(4, 20), body)[..10]];
    }

    /// <summary>Opens an RTCP packet sealed under this key.</summary>
    /// <returns>The packet in clear and its index.</returns>
    /// <exception cref="InvalidDataException">It is not authentic, or not encrypted.</exception>
    public (byte[] Packet, uint Index) OpenRtcp(byte[] packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var trailer = (IsGcm ? 4 : 14) + _mki.Length;
        var word = BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(packet.Length - trailer));
        var index = word & 0x7FFF_FFFF;
        var body = packet[8..^(trailer + (IsGcm ? 16 : 0))];
        var ssrc = packet.AsSpan(4, 4);

        // Both ciphers are their own inverse; sealing what came out must give what came in.
        var clear = IsGcm
            ? Gcm(3, ssrc, index, body, [.. packet[..8], .. packet[^trailer..^_mki.Length]])[..body.Length]
            : Counter(3, ssrc, index, body);
        byte[] opened = [.. packet[..8], .. clear];
        return (word & 0x8000_0000) != 0 && Rtcp(opened, index).AsSpan().SequenceEqual(packet)
            ? (opened, index)
            : throw new InvalidDataException("An SRTCP packet is not authentic under the key that was answered.");
    }

    private static byte[] Tag(byte[] key, byte[] data)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, key);
        hash.AppendData(data);
        return hash.GetHashAndReset();
    }

    private byte[] Counter(byte label, ReadOnlySpan<byte> ssrc, long index, byte[] data)
    {
        var block = new byte[16];
        Derive((byte)(label + 2), 14).CopyTo(block, 0);
        XorIndex(block.AsSpan(4), ssrc, index);
        return Xor(data, KeyStream(Derive(label, _key.Length), block, data.Length));
    }

    private byte[] Gcm(byte label, ReadOnlySpan<byte> ssrc, long index, byte[] data, byte[] associated)
    {
        var nonce = Derive((byte)(label + 2), 12);
        XorIndex(nonce.AsSpan(2), ssrc, index);
        using var gcm = new AesGcm(Derive(label, _key.Length), 16);
        var text = new byte[data.Length];
        var tag = new byte[16];
        gcm.Encrypt(nonce, data, text, tag, associated);
        return [.. text, .. tag];
    }

    private static void XorIndex(Span<byte> target, ReadOnlySpan<byte> ssrc, long index)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, index);
        for (var i = 0; i < 4; i++)
        {
            target[i] ^= ssrc[i];
        }

        for (var i = 0; i < 6; i++)
        {
            target[4 + i] ^= bytes[2 + i];
        }
    }

    private byte[] Derive(byte label, int length)
    {
        var block = new byte[16];
        _salt.CopyTo(block, 0);
        block[7] ^= label;
        return KeyStream(_key, block, length);
    }

    private static byte[] KeyStream(byte[] key, byte[] block, int length)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        var stream = new List<byte>();
        for (ushort count = 0; stream.Count < length; count++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(block.AsSpan(14), count);
            stream.AddRange(aes.EncryptEcb(block, PaddingMode.None));
        }

        return [.. stream.Take(length)];
    }

    private static byte[] Xor(byte[] left, byte[] right) => [.. left.Zip(right, (a, b) => (byte)(a ^ b))];
}
