namespace Talreg.Verify;

/// <summary>Named maxima of everything the verifier reads. A bundle over one of them is refused by that limit's name.</summary>
internal static class Limits
{
    /// <summary>Bytes of a bundle: what a ZIP without ZIP64 can address.</summary>
    public const long MaxBundleBytes = uint.MaxValue;

    /// <summary>Members of a bundle.</summary>
    public const int MaxMembers = 10_000;

    /// <summary>Characters of a member's name.</summary>
    public const int MaxNameLength = 255;

    /// <summary>Bytes of a JSON document.</summary>
    public const int MaxJsonBytes = 16 << 20;

    /// <summary>Nesting of a JSON document.</summary>
    public const int MaxJsonDepth = 64;

    /// <summary>Values of a JSON document, so that a small file cannot become a large tree.</summary>
    public const int MaxJsonValues = 1_000_000;

    /// <summary>Bytes of a signed note.</summary>
    public const int MaxNoteBytes = 8 << 20;

    /// <summary>Signature lines of a signed note.</summary>
    public const int MaxSignatures = 16;

    /// <summary>Characters of a file of trusted keys.</summary>
    public const int MaxTrustLength = 64 << 10;

    /// <summary>Witnesses that may be trusted.</summary>
    public const int MaxWitnesses = 16;

    /// <summary>Bytes of plain text in a chunk (FORMAT §2).</summary>
    public const int MaxChunkBytes = 16 << 10;

    /// <summary>Streams of a take: the index is 16 bits wide, a call has a handful.</summary>
    public const int MaxStreams = 1_024;

    /// <summary>SSRCs followed per stream; each costs 8 KiB while a take is checked.</summary>
    public const int MaxSsrcsPerStream = 1_024;

    /// <summary>Failures written out per check; the rest are counted.</summary>
    public const int MaxFailuresPerCheck = 100;

    /// <summary>Bytes of a journal segment that <see cref="RecordingInspector"/> reads.</summary>
    public const long MaxJournalBytes = 64L << 30;

    /// <summary>Bytes of a record's body in a journal (FORMAT §4).</summary>
    public const int MaxRecordBytes = 1 << 20;

    /// <summary>Takes told apart in one journal segment.</summary>
    public const int MaxJournalTakes = 100_000;

    /// <summary>Bytes taken into memory from a stream that cannot seek.</summary>
    public const int MaxBufferedBytes = 1 << 30;

    /// <summary>Characters of one detail or subject in a report.</summary>
    public const int MaxTextLength = 300;
}
