using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Capture.Srtp;

/// <summary>
/// AES in counter mode and HMAC-SHA1 (RFC 3711 §3.1, §3.4, §4.1.1, §4.2.1; AES-256 by RFC 6188).
/// <code>
///   SRTP    | header | encrypted payload           | MKI | tag |      tag over header, payload and ROC
///   SRTCP   | header | encrypted reports | E index | MKI | tag |      tag over everything before the MKI
/// </code>
/// </summary>
internal sealed class CounterCipher : SrtpCipher
{
    private const int AuthenticationKeySize = 20;
    private const int SaltSize = 14;
    private const int HashSize = 20;

    private readonly AesCounter _rtp;
    private readonly AesCounter _rtcp;
    private readonly IncrementalHash _rtpTag;
    private readonly IncrementalHash _rtcpTag;
    private readonly byte[] _rtpSalt;
    private readonly byte[] _rtcpSalt;
    private readonly int _rtpTagSize;
    private readonly int _rtcpTagSize;
    private readonly byte[] _mki;

    internal CounterCipher(SrtpKeys keys)
    {
        _rtpTagSize = keys.Suite.RtpTagSize();
        _rtcpTagSize = keys.Suite.RtcpTagSize();
        _mki = keys.Mki.ToArray();
        _rtp = Counter(keys, SessionKeys.RtpEncryption);
        _rtcp = Counter(keys, SessionKeys.RtcpEncryption);
        _rtpTag = Tag(keys, SessionKeys.RtpAuthentication);
        _rtcpTag = Tag(keys, SessionKeys.RtcpAuthentication);
        _rtpSalt = SessionKeys.Derive(keys, SessionKeys.RtpSalt, SaltSize);
        _rtcpSalt = SessionKeys.Derive(keys, SessionKeys.RtcpSalt, SaltSize);
    }

    internal override int RtpOverhead => _mki.Length + _rtpTagSize;

    internal override int RtcpOverhead => RtcpIndexSize + _mki.Length + _rtcpTagSize;

    internal override int RtcpIndexFromEnd => RtcpOverhead;

    internal override bool TryOpen(
        Span<byte> packet, int header, long index, SrtpWorkspace workspace, out int length)
    {
        length = packet.Length - RtpOverhead;
        Span<byte> rollover = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(rollover, (uint)(index >> 16));
        _rtpTag.AppendData(packet[..length]);
        _rtpTag.AppendData(rollover);
        if (!Matches(_rtpTag, packet[length..], _rtpTagSize))
        {
            return false;
        }

        var payload = packet[header..length];
        Span<byte> block = stackalloc byte[AesCounter.BlockSize];
        FirstBlock(block, _rtpSalt, packet[8..12], index);
        _rtp.Apply(block, payload, payload, workspace);
        return true;
    }

    internal override bool TryOpenRtcp(Span<byte> packet, SrtpWorkspace workspace, out int length)
    {
        length = packet.Length - RtcpOverhead;
        _rtcpTag.AppendData(packet[..(length + RtcpIndexSize)]);
        if (!Matches(_rtcpTag, packet[(length + RtcpIndexSize)..], _rtcpTagSize))
        {
            return false;
        }

        var word = BinaryPrimitives.ReadUInt32BigEndian(packet[length..]);
        if ((word & Encrypted) != 0)
        {
            CryptRtcp(packet[..length], word & ~Encrypted, workspace);
        }

        return true;
    }

    internal override int SealRtcp(Span<byte> buffer, int length, uint index, SrtpWorkspace workspace)
    {
        CryptRtcp(buffer[..length], index, workspace);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[length..], Encrypted | index);
        var end = length + RtcpIndexSize;
        _rtcpTag.AppendData(buffer[..end]);
        Span<byte> hash = stackalloc byte[HashSize];
        _rtcpTag.GetHashAndReset(hash);
        _mki.CopyTo(buffer[end..]);
        hash[.._rtcpTagSize].CopyTo(buffer[(end + _mki.Length)..]);
        return length + RtcpOverhead;
    }

    public override void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
        _rtpTag.Dispose();
        _rtcpTag.Dispose();
    }

    private static AesCounter Counter(SrtpKeys keys, byte label)
    {
        var key = SessionKeys.Derive(keys, label, keys.Suite.KeySize());
        var counter = new AesCounter(key);
        CryptographicOperations.ZeroMemory(key);
        return counter;
    }

    private static IncrementalHash Tag(SrtpKeys keys, byte label)
    {
        var key = SessionKeys.Derive(keys, label, AuthenticationKeySize);
        var tag = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, key);
        CryptographicOperations.ZeroMemory(key);
        return tag;
    }

    // A packet under another key has another MKI: it fails here as its tag would.
    private bool Matches(IncrementalHash tag, ReadOnlySpan<byte> trailer, int tagSize)
    {
        Span<byte> hash = stackalloc byte[HashSize];
        tag.GetHashAndReset(hash);
        return trailer[.._mki.Length].SequenceEqual(_mki)
            && CryptographicOperations.FixedTimeEquals(hash[..tagSize], trailer[_mki.Length..]);
    }

    private void CryptRtcp(Span<byte> packet, uint index, SrtpWorkspace workspace)
    {
        Span<byte> block = stackalloc byte[AesCounter.BlockSize];
        FirstBlock(block, _rtcpSalt, packet[4..8], index);
        var reports = packet[RtcpHeaderSize..];
        _rtcp.Apply(block, reports, reports, workspace);
    }

    // IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16), RFC 3711 §4.1.1.
    private static void FirstBlock(Span<byte> block, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ssrc, long index)
    {
        block.Clear();
        salt.CopyTo(block);
        for (var i = 0; i < 4; i++)
        {
            block[4 + i] ^= ssrc[i];
        }

        for (var i = 0; i < 6; i++)
        {
            block[8 + i] ^= (byte)(index >> (8 * (5 - i)));
        }
    }
}
