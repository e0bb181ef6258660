using System.Buffers.Binary;
using Talreg.Capture.Srtp;
using Talreg.Sip;
using Talreg.Sip.Sdp;

namespace Talreg.Gateway.Sessions;

/// <summary>
/// What SDP says of keys (SDES, RFC 4568) in capture's words. The first line that can be used is taken: the client put them in
/// the order it prefers (§5.1.1).
/// </summary>
internal static class MediaKeys
{
    /// <summary>
    /// The offer with those keys left out that may not be used: keys that came over clear SIP, unless the interface allows it. An
    /// m-line under SRTP that is left without a key is refused; it is never recorded as clear RTP.
    /// </summary>
    public static SessionOffer Admit(SessionOffer offer, bool allowClear) =>
        offer.Sdp is not { } sdp || allowClear || !CameInClear(offer)
            ? offer
            : offer with { Sdp = sdp with { Media = [.. sdp.Media.Select(media => media with { Crypto = [] })] } };

    /// <summary>True when keys of a recordable m-line were told to anyone on the way.</summary>
    public static bool AreExposed(SessionOffer offer) =>
        CameInClear(offer) && offer.Sdp?.Media.Any(media => media.IsSecure && media.Crypto.Count > 0) == true;

    /// <summary>What the sender of an m-line protects its packets with; null for plain RTP.</summary>
    public static SrtpKeys? Inbound(SdpMedia media)
    {
        if (!media.IsSecure || media.Crypto.Count == 0)
        {
            return null;
        }

        var crypto = media.Crypto[0];
        Span<byte> mki = stackalloc byte[sizeof(uint)];
        var mkiSize = crypto.KeyIdentifier?.Length ?? 0;
        BinaryPrimitives.WriteUInt32BigEndian(mki, crypto.KeyIdentifier?.Value ?? 0);
        return SrtpKeys.TryCreate(
            ToSuite(crypto.Suite), [.. crypto.Key.Span, .. crypto.Salt.Span], mki[^mkiSize..], out var keys)
            ? keys
            : throw new InvalidOperationException($"A crypto line that was read has no keys: {crypto}.");
    }

    /// <summary>Our own key for an m-line, with which reports are protected; null for plain RTP.</summary>
    /// <param name="media">The m-line offered.</param>
    /// <param name="before">Our key of before: kept while the suite is the same, so that the answer is.</param>
    public static SrtpKeys? Ours(SdpMedia media, SrtpKeys? before)
    {
        if (!media.IsSecure || media.Crypto.Count == 0)
        {
            return null;
        }

        var suite = ToSuite(media.Crypto[0].Suite);
        return before?.Suite == suite ? before : SrtpKeys.Create(suite);
    }

    /// <summary>Our line of the answer; null for plain RTP.</summary>
    /// <param name="media">The m-line offered.</param>
    /// <param name="ours">Our key, as <see cref="Ours"/> gave it.</param>
    public static CryptoAnswer? Answer(SdpMedia media, SrtpKeys? ours) =>
        ours is null || !media.IsSecure || media.Crypto.Count == 0
        ? null
        : new CryptoAnswer(
            media.Crypto[0].Tag, media.Crypto[0].Suite, Convert.FromBase64String(ours.ToInline()));

    private static bool CameInClear(SessionOffer offer) => offer.Transport != SipTransportKind.Tls;

    private static SrtpSuite ToSuite(CryptoSuite suite) => suite switch
    {
        CryptoSuite.AesCm128HmacSha1Tag80 => SrtpSuite.AesCm128Tag80,
        CryptoSuite.AesCm128HmacSha1Tag32 => SrtpSuite.AesCm128Tag32,
        CryptoSuite.AesCm256HmacSha1Tag80 => SrtpSuite.AesCm256Tag80,
        CryptoSuite.AesCm256HmacSha1Tag32 => SrtpSuite.AesCm256Tag32,
        CryptoSuite.AeadAes128Gcm => SrtpSuite.AesGcm128,
        CryptoSuite.AeadAes256Gcm => SrtpSuite.AesGcm256,
        _ => throw new ArgumentOutOfRangeException(nameof(suite)),
    };
}
