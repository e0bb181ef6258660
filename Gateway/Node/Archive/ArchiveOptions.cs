using Talreg.Store.Archive;

namespace Talreg.Gateway.Archive;

/// <summary>Where sealed recordings are archived.</summary>
public sealed record ArchiveOptions
{
    /// <summary>The archive.</summary>
    public required IArchive Archive { get; init; }

    /// <summary>Where the progress is kept.</summary>
    public required string StateFile { get; init; }

    /// <summary>How often the ledger is looked at for new seals.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);
}
