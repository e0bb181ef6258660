using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Capture.Srtp;

/// <summary>
/// AES-GCM (RFC 7714 §8, §9).
/// <code>
///   SRTP    | header | encrypted payload | tag | MKI |               associated: header
///   SRTCP   | header | encrypted reports | tag | E index | MKI |     associated: header and E index; all when E = 0
/// </code>
/// A packet is decrypted by the key stream and the tag made anew from the result. The library's own decryption reports a wrong
/// tag by an exception, which a flood of forged packets could call for at every packet.
/// </summary>
internal sealed class GcmCipher : SrtpCipher
{
    private const int TagSize = 16;
    private const int NonceSize = 12;

    private readonly AesGcm _rtp;
    private readonly AesGcm _rtcp;
    private readonly AesCounter _rtpStream;
    private readonly AesCounter _rtcpStream;
    private readonly byte[] _rtpSalt;
    private readonly byte[] _rtcpSalt;
    private readonly byte[] _mki;

    internal GcmCipher(SrtpKeys keys)
        : this(
            SessionKeys.Derive(keys, SessionKeys.RtpEncryption, keys.Suite.KeySize()),
            SessionKeys.Derive(keys, SessionKeys.RtpSalt, NonceSize),
            SessionKeys.Derive(keys, SessionKeys.RtcpEncryption, keys.Suite.KeySize()),
            SessionKeys.Derive(keys, SessionKeys.RtcpSalt, NonceSize),
            keys.Mki.ToArray())
    {
    }

    /// <summary>From session keys; clears the keys.</summary>
    internal GcmCipher(byte[] rtpKey, byte[] rtpSalt, byte[] rtcpKey, byte[] rtcpSalt, byte[] mki)
    {
        _rtp = new AesGcm(rtpKey, TagSize);
        _rtpStream = new AesCounter(rtpKey);
        _rtcp = new AesGcm(rtcpKey, TagSize);
        _rtcpStream = new AesCounter(rtcpKey);
        _rtpSalt = rtpSalt;
        _rtcpSalt = rtcpSalt;
        _mki = mki;
        CryptographicOperations.ZeroMemory(rtpKey);
        CryptographicOperations.ZeroMemory(rtcpKey);
    }

    internal override int RtpOverhead => TagSize + _mki.Length;

    internal override int RtcpOverhead => TagSize + RtcpIndexSize + _mki.Length;

    internal override int RtcpIndexFromEnd => RtcpIndexSize + _mki.Length;

    internal override bool TryOpen(
        Span<byte> packet, int header, long index, SrtpWorkspace workspace, out int length)
    {
        length = packet.Length - RtpOverhead;
        if (!packet[(length + TagSize)..].SequenceEqual(_mki))
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[NonceSize];
        Nonce(nonce, _rtpSalt, packet[8..12], index);
        var tag = packet.Slice(length, TagSize);
        return TryDecrypt(_rtp, _rtpStream, nonce, packet[header..length], tag, packet[..header], workspace);
    }

    internal override bool TryOpenRtcp(Span<byte> packet, SrtpWorkspace workspace, out int length)
    {
        length = packet.Length - RtcpOverhead;
        var trailer = packet[length..];
        var indexBytes = trailer.Slice(TagSize, RtcpIndexSize);
        if (!trailer[(TagSize + RtcpIndexSize)..].SequenceEqual(_mki))
        {
            return false;
        }

        var word = BinaryPrimitives.ReadUInt32BigEndian(indexBytes);
        var clear = (word & Encrypted) != 0 ? RtcpHeaderSize : length;

        // The associated data is not in one piece: the tag lies between.
        var associated = workspace.Associated.AsSpan(0, clear + RtcpIndexSize);
        packet[..clear].CopyTo(associated);
        indexBytes.CopyTo(associated[clear..]);
        Span<byte> nonce = stackalloc byte[NonceSize];
        Nonce(nonce, _rtcpSalt, packet[4..8], word & ~Encrypted);
        return TryDecrypt(
            _rtcp, _rtcpStream, nonce, packet[clear..length], trailer[..TagSize], associated, workspace);
    }

    internal override int SealRtcp(Span<byte> buffer, int length, uint index, SrtpWorkspace workspace)
    {
        Span<byte> associated = stackalloc byte[RtcpHeaderSize + RtcpIndexSize];
        buffer[..RtcpHeaderSize].CopyTo(associated);
        BinaryPrimitives.WriteUInt32BigEndian(associated[RtcpHeaderSize..], Encrypted | index);
        Span<byte> nonce = stackalloc byte[NonceSize];
        Nonce(nonce, _rtcpSalt, buffer[4..8], index);
        var reports = buffer[RtcpHeaderSize..length];
        var trailer = buffer[length..];
        _rtcp.Encrypt(nonce, reports, reports, trailer[..TagSize], associated);
        associated[RtcpHeaderSize..].CopyTo(trailer[TagSize..]);
        _mki.CopyTo(trailer[(TagSize + RtcpIndexSize)..]);
        return length + RtcpOverhead;
    }

    public override void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
        _rtpStream.Dispose();
        _rtcpStream.Dispose();
    }

    private static bool TryDecrypt(
        AesGcm cipher,
        AesCounter stream,
        ReadOnlySpan<byte> nonce,
        Span<byte> text,
        ReadOnlySpan<byte> tag,
        ReadOnlySpan<byte> associated,
        SrtpWorkspace workspace)
    {
        // Block 1 masks the tag; the text begins with block 2 (NIST SP 800-38D §7.1).
        Span<byte> block = stackalloc byte[AesCounter.BlockSize];
        nonce.CopyTo(block);
        BinaryPrimitives.WriteUInt32BigEndian(block[NonceSize..], 2);
        var plain = workspace.Scratch.AsSpan(0, text.Length);
        stream.Apply(block, text, plain, workspace);
        Span<byte> made = stackalloc byte[TagSize];
        cipher.Encrypt(nonce, plain, workspace.KeyStream.AsSpan(0, text.Length), made, associated);
        if (!CryptographicOperations.FixedTimeEquals(made, tag))
        {
            return false;
        }

        plain.CopyTo(text);
        return true;
    }

    // 00 00 || SSRC || index (48 bits) XOR salt: RFC 7714 §8.1, and §9.1 with 00 00 before the RTCP index.
    private static void Nonce(Span<byte> nonce, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ssrc, long index)
    {
        salt.CopyTo(nonce);
        for (var i = 0; i < 4; i++)
        {
            nonce[2 + i] ^= ssrc[i];
        }

        for (var i = 0; i < 6; i++)
        {
            nonce[6 + i] ^= (byte)(index >> (8 * (5 - i)));
        }
    }
}
