namespace Talreg.Capture.Srtp;

/// <summary>What came of a packet.</summary>
internal enum SrtpVerdict
{
    /// <summary>It is the sender's, and it is open.</summary>
    Authentic,

    /// <summary>It is shorter than its header and tag.</summary>
    TooShort,

    /// <summary>No key here makes its tag: forged, damaged, or under a key that is not ours.</summary>
    BadTag,

    /// <summary>It was there before.</summary>
    Replayed,

    /// <summary>It lies further back than the replay window reaches.</summary>
    TooOld,

    /// <summary>It is authentic and of an SSRC too many.</summary>
    TooManySources,
}
