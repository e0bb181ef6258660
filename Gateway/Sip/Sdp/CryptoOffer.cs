namespace Talreg.Sip.Sdp;

/// <summary>A crypto suite of SDES (RFC 4568 §6.2, RFC 6188 §3, RFC 7714 §14).</summary>
public enum CryptoSuite
{
    /// <summary>AES_CM_128_HMAC_SHA1_80.</summary>
    AesCm128HmacSha1Tag80,

    /// <summary>AES_CM_128_HMAC_SHA1_32.</summary>
    AesCm128HmacSha1Tag32,

    /// <summary>AES_256_CM_HMAC_SHA1_80.</summary>
    AesCm256HmacSha1Tag80,

    /// <summary>AES_256_CM_HMAC_SHA1_32.</summary>
    AesCm256HmacSha1Tag32,

    /// <summary>AEAD_AES_128_GCM.</summary>
    AeadAes128Gcm,

    /// <summary>AEAD_AES_256_GCM.</summary>
    AeadAes256Gcm,
}

/// <summary>Why a crypto line cannot be used. The names are the reasons told.</summary>
public enum CryptoFault
{
    /// <summary>It can.</summary>
    None,

    /// <summary>
    /// Not of the form <c>tag suite key-params [session-params]</c>, or a tag that is no number of 1 to 9 digits.
    /// </summary>
    FormInvalid,

    /// <summary>A tag that stands twice on one m-line (RFC 4568 §4.1).</summary>
    TagRepeated,

    /// <summary>A suite that is not known.</summary>
    SuiteUnknown,

    /// <summary>A key method other than <c>inline</c>.</summary>
    KeyMethodUnknown,

    /// <summary>Several keys on one line, which need an MKI (RFC 4568 §6.1).</summary>
    SeveralKeys,

    /// <summary>Key and salt are no base64.</summary>
    KeyInvalid,

    /// <summary>Key and salt are not as long as the suite says.</summary>
    KeyLengthWrong,

    /// <summary>A lifetime that is no number, no power of two, or 0.</summary>
    LifetimeInvalid,

    /// <summary>A master key identifier that is not <c>value:length</c> with a length of 1 to 4 bytes.</summary>
    KeyIdentifierInvalid,

    /// <summary>
    /// A session parameter that changes what protects the packets and is not known or not accepted: no encryption or no
    /// authentication (RFC 4568 §6.3).
    /// </summary>
    SessionParameterRefused,

    /// <summary>More than <see cref="CryptoOffer.MaxLines"/> on one m-line.</summary>
    TooMany,
}

/// <summary>
/// One usable <c>a=crypto</c> line (RFC 4568 §4). Owns its key; nothing here decrypts. What receives SRTP picks one of
/// them
/// and answers it by <see cref="MediaAnswer.Crypto"/>.
/// </summary>
public sealed record CryptoOffer
{
    /// <summary>The most lines read of one m-line.</summary>
    public const int MaxLines = 16;

    /// <summary>The tag, which the answer repeats.</summary>
    public required int Tag { get; init; }

    /// <summary>The suite.</summary>
    public required CryptoSuite Suite { get; init; }

    /// <summary>The master key.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The master salt.</summary>
    public required ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>How many packets the key may protect; null for the suite's own.</summary>
    public ulong? Lifetime { get; init; }

    /// <summary>The master key identifier and its length in bytes; null for none.</summary>
    public (uint Value, int Length)? KeyIdentifier { get; init; }

    /// <summary>The suite as SDP spells it.</summary>
    public string SuiteName => CryptoParser.NameOf(Suite);

    /// <summary>Never prints the key.</summary>
    /// <returns>Tag and suite.</returns>
    public override string ToString() => $"{Tag} {SuiteName}";
}

/// <summary>A crypto line that cannot be used.</summary>
/// <param name="Line">Which of the m-line's crypto lines, from 0.</param>
/// <param name="Fault">Why.</param>
public readonly record struct CryptoRefusal(int Line, CryptoFault Fault);

/// <summary>Our side of an answered crypto line.</summary>
/// <param name="Tag">The tag of the line that was taken.</param>
/// <param name="Suite">Its suite.</param>
/// <param name="KeyAndSalt">The master key and salt of what we send (RTCP), joined.</param>
public sealed record CryptoAnswer(int Tag, CryptoSuite Suite, ReadOnlyMemory<byte> KeyAndSalt);
