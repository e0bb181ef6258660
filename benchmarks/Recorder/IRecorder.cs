namespace Talreg.Benchmarks.Recorder;

/// <summary>What was recorded so far.</summary>
/// <param name="Received">Datagrams read from the kernel.</param>
/// <param name="Stored">Of these, stored.</param>
/// <param name="KernelDrops">Datagrams the kernel dropped.</param>
/// <param name="OwnDrops">Datagrams received and given up.</param>
/// <param name="Bytes">Bytes handed to the disk.</param>
internal readonly record struct Recorded(long Received, long Stored, long KernelDrops, long OwnDrops, long Bytes);

/// <summary>One of our recorders under measurement.</summary>
internal interface IRecorder : IAsyncDisposable
{
    /// <summary>Counts as of now.</summary>
    Recorded Counts { get; }

    /// <summary>Closes everything; counts are final and what was stored is durable.</summary>
    Task FinishAsync();
}
