using Talreg.Evidence.Chunks;

namespace Talreg.Benchmarks.Micro;

/// <summary>One step, prepared; run again and again by one thread.</summary>
internal interface IStep : IAsyncDisposable
{
    void Run();
}

/// <summary>The steps that are measured, by the name the table gives them.</summary>
internal static class Steps
{
    /// <summary>Ten packets of G.711: what 200 ms of a stream come to.</summary>
    internal const int PacketsPerChunk = 10;

    /// <summary>RTP header and 20 ms of G.711.</summary>
    internal const int PacketBytes = 172;

    /// <summary>The frames of a chunk of ten packets.</summary>
    internal const int ChunkText = PacketsPerChunk * (PacketBytes + FrameWriter.HeaderSize);

    internal static IReadOnlyList<(string Name, Func<ValueTask<IStep>> Prepare)> All { get; } =
    [
        ("receive: parse, route, count, frame and hand over one packet", () => ReceiveStep.PrepareAsync(batch: 1)),
        ("receive: five packets of one port in one batch", () => ReceiveStep.PrepareAsync(batch: 5)),
        ("seal: a chunk of 10 packets", () => new(new SealStep(ChunkText, chunksPerSlot: int.MaxValue))),
        ("seal: a chunk of 16 KiB", () => new(new SealStep(ChunkHeader.MaxPlainText, chunksPerSlot: int.MaxValue))),
        ("seal: a chunk of 10 packets in a new slot", () => new(new SealStep(ChunkText, chunksPerSlot: 1))),
        ("verify: hash a chunk of 10 packets into the chain", () => new(new VerifyStep())),
        ("open: check, derive the key, decrypt a chunk of 10 packets", () => new(new OpenStep())),
        ("policy: decide by 10,000 rules", () => new(new PolicyStep(PolicyStep.Mixed, explain: false))),
        ("policy: decide by 10,000 rules and explain", () => new(new PolicyStep(PolicyStep.Mixed, explain: true))),
        ("policy: decide by 10,000 rules that are alike", () => new(new PolicyStep(PolicyStep.Alike, explain: false))),
    ];
}
