namespace Talreg.Capture.Srtp;

/// <summary>
/// Derives session keys from a master key (RFC 3711 §4.3, key derivation rate 0; AES-256 by RFC 6188 §3; for GCM the 12-byte
/// salt is padded with two zero bytes, RFC 7714 §11).
/// <code>
///   x = master salt XOR (label || 48 zero bits, right aligned)      key = AES-CM(master key, x * 2^16)
/// </code>
/// </summary>
internal static class SessionKeys
{
    /// <summary>Label of the key that encrypts RTP.</summary>
    internal const byte RtpEncryption = 0;

    /// <summary>Label of the key that authenticates RTP.</summary>
    internal const byte RtpAuthentication = 1;

    /// <summary>Label of the salt of RTP.</summary>
    internal const byte RtpSalt = 2;

    /// <summary>Label of the key that encrypts RTCP.</summary>
    internal const byte RtcpEncryption = 3;

    /// <summary>Label of the key that authenticates RTCP.</summary>
    internal const byte RtcpAuthentication = 4;

    /// <summary>Label of the salt of RTCP.</summary>
    internal const byte RtcpSalt = 5;

    private const int LabelOffset = 7;

    /// <summary>Derives one.</summary>
    /// <param name="keys">The master key.</param>
    /// <param name="label">Which.</param>
    /// <param name="size">How many bytes.</param>
    internal static byte[] Derive(SrtpKeys keys, byte label, int size)
    {
        var derived = new byte[size];
        Span<byte> block = stackalloc byte[AesCounter.BlockSize];
        block.Clear();
        keys.Salt.CopyTo(block);
        block[LabelOffset] ^= label;
        using var cipher = new AesCounter(keys.Key);
        cipher.Apply(block, derived, derived, new SrtpWorkspace(size));
        return derived;
    }
}
