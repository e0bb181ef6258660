namespace Talreg.Store.Tests.Simulation;

/// <summary>What can be done to a disk.</summary>
internal enum DiskCall
{
    Create,
    Write,
    Sync,
    Rename,
    Delete,
    SyncFolder,
}

/// <summary>One thing that was done to a disk.</summary>
/// <param name="Call">What.</param>
/// <param name="Path">To which name; the folder's for <see cref="DiskCall.SyncFolder"/>.</param>
/// <param name="File">Number of the file behind the name, which stays its own when it is renamed; -1 for a folder.</param>
internal sealed record DiskOperation(DiskCall Call, string Path, int File)
{
    /// <summary>The new name of a renamed file.</summary>
    internal string To { get; init; } = "";

    /// <summary>Where was written, in bytes.</summary>
    internal long Offset { get; init; }

    /// <summary>What was written.</summary>
    internal byte[] Bytes { get; init; } = [];

    /// <summary>Space reserved for a new file, in bytes.</summary>
    internal long Size { get; init; }

    /// <summary>Of a sync: what was done to the file, or in the folder, before this number is on stable storage.</summary>
    internal int Covers { get; init; }

    public override string ToString() =>
        $"{Call} {System.IO.Path.GetFileName(Path)} {Offset}+{Bytes.Length} {System.IO.Path.GetFileName(To)}";
}
