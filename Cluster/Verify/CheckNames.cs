namespace Talreg.Verify;

/// <summary>The names of the checks, in the order of FORMAT §8.</summary>
public static class CheckNames
{
    /// <summary>The bundle, its members and its documents are within the limits.</summary>
    public const string Limits = "limits";

    /// <summary>The ZIP is the one its members give when built again.</summary>
    public const string Zip = "zip canonical";

    /// <summary>The members are those of the format.</summary>
    public const string Members = "members";

    /// <summary>The manifest lists exactly the members, their sizes and hashes.</summary>
    public const string Manifest = "manifest";

    /// <summary>The key in the bundle is well formed and, with trust, the trusted one.</summary>
    public const string Key = "key";

    /// <summary>The manifest is signed by the log.</summary>
    public const string ManifestSignature = "manifest signature";

    /// <summary>Header, index, descriptor, metadata and footer of a recording fill its file exactly.</summary>
    public const string Recording = "recording";

    /// <summary>The descriptor reads and has every member.</summary>
    public const string Descriptor = "descriptor";

    /// <summary>Chunks follow one another without holes, as the index says.</summary>
    public const string Chunks = "chunks walk";

    /// <summary>Chunk headers agree with the file, the descriptor and each other.</summary>
    public const string Headers = "chunk headers";

    /// <summary>The chain over all chunks gives the head in footer and descriptor.</summary>
    public const string Chain = "chain";

    /// <summary>The descriptor's counts fit what the chunk headers count.</summary>
    public const string DescriptorCounts = "descriptor counts";

    /// <summary>The hash of descriptor and metadata is the footer's.</summary>
    public const string ContentHash = "content hash";

    /// <summary>The seal's opening gives the commitment in its entry.</summary>
    public const string SealOpening = "seal opening";

    /// <summary>The seal's body agrees with the recording.</summary>
    public const string SealBody = "seal body";

    /// <summary>The seal is in the log of the checkpoint.</summary>
    public const string Inclusion = "inclusion";

    /// <summary>The checkpoint reads, and its log is the tenant's.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>The checkpoint is signed by the log.</summary>
    public const string CheckpointSignature = "checkpoint signature";

    /// <summary>As many of the trusted witnesses as are wanted have cosigned the checkpoint.</summary>
    public const string Witnesses = "witnesses";

    /// <summary>The timestamp is of the checkpoint, by a trusted authority.</summary>
    public const string Timestamp = "timestamp";

    /// <summary>The disclosed keys read.</summary>
    public const string Keys = "keys";

    /// <summary>The disclosed keys are those the chunk headers are committed to.</summary>
    public const string Commitments = "key commitments";

    /// <summary>Every chunk with a disclosed key opens.</summary>
    public const string Opening = "chunks open";

    /// <summary>The frames in every opened chunk parse.</summary>
    public const string Frames = "frames";

    /// <summary>Packets in the chunks are as many as header and descriptor say.</summary>
    public const string PacketCounts = "packet counts";

    /// <summary>The metadata opens and is canonical JSON.</summary>
    public const string Metadata = "metadata";

    /// <summary>Sequence numbers missing per SSRC are as many as the descriptor says are lost.</summary>
    public const string Gaps = "gaps";

    /// <summary>The rendering is a WAV file of the promised kind.</summary>
    public const string Audio = "audio";

    /// <summary>The call document agrees with manifest and recordings.</summary>
    public const string Call = "call document";

    /// <summary>Every entry of a log is there, numbered by its place.</summary>
    public const string LogEntries = "log entries";

    /// <summary>The tree over a log's entries has the checkpoint's root.</summary>
    public const string LogRoot = "log root";

    /// <summary>Heartbeats tell when a log was kept.</summary>
    public const string LogHeartbeats = "log heartbeats";

    /// <summary>The bytes could be read at all.</summary>
    public const string Reading = "reading";
}
