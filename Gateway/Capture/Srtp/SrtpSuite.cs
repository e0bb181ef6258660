namespace Talreg.Capture.Srtp;

/// <summary>A crypto suite that SDP can agree on, by the names of RFC 4568 §6.2, RFC 6188 §2 and RFC 7714 §14.2.</summary>
public enum SrtpSuite
{
    /// <summary><c>AES_CM_128_HMAC_SHA1_80</c></summary>
    AesCm128Tag80,

    /// <summary><c>AES_CM_128_HMAC_SHA1_32</c>: SRTCP has a tag of 80 bits all the same (RFC 4568 §6.2.2).</summary>
    AesCm128Tag32,

    /// <summary><c>AES_256_CM_HMAC_SHA1_80</c></summary>
    AesCm256Tag80,

    /// <summary><c>AES_256_CM_HMAC_SHA1_32</c></summary>
    AesCm256Tag32,

    /// <summary><c>AEAD_AES_128_GCM</c></summary>
    AesGcm128,

    /// <summary><c>AEAD_AES_256_GCM</c></summary>
    AesGcm256,
}

/// <summary>The sizes of the suites, and their names.</summary>
public static class SrtpSuites
{
    private static readonly string[] Names =
    [
        "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
        "AEAD_AES_128_GCM", "AEAD_AES_256_GCM",
    ];

    /// <summary>The name SDP has for it.</summary>
    public static string ToName(this SrtpSuite suite) => Names[(int)suite];

    /// <summary>Finds a suite by the name SDP has for it. Names are compared as they stand (RFC 4568 §9.2).</summary>
    public static bool TryFind(string name, out SrtpSuite suite)
    {
        var index = Array.IndexOf(Names, name);
        suite = (SrtpSuite)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Bytes of the master key.</summary>
    public static int KeySize(this SrtpSuite suite) =>
        suite is SrtpSuite.AesCm256Tag80 or SrtpSuite.AesCm256Tag32 or SrtpSuite.AesGcm256 ? 32 : 16;

    /// <summary>Bytes of the master salt.</summary>
    public static int SaltSize(this SrtpSuite suite) => suite.IsAead() ? 12 : 14;

    /// <summary>True for the suites of RFC 7714.</summary>
    public static bool IsAead(this SrtpSuite suite) => suite is SrtpSuite.AesGcm128 or SrtpSuite.AesGcm256;

    internal static int RtpTagSize(this SrtpSuite suite) =>
        suite.IsAead() ? 16 : suite is SrtpSuite.AesCm128Tag32 or SrtpSuite.AesCm256Tag32 ? 4 : 10;

    internal static int RtcpTagSize(this SrtpSuite suite) => suite.IsAead() ? 16 : 10;
}
