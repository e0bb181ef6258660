namespace Talreg.Grains.Ledger;

/// <summary>The durable head of a log: compared and swapped before anything over it is signed.</summary>
[GenerateSerializer, Alias("Talreg.LedgerHead")]
public sealed class LedgerHead
{
    /// <summary>Entries acknowledged or about to be.</summary>
    [Id(0)] public long Size { get; set; }

    /// <summary>The root over them, 32 bytes; empty before the log's first activation.</summary>
    [Id(1)] public byte[] Root { get; set; } = [];

    /// <summary>The newest checkpoint that was signed before this head; the head's own is signed after it.</summary>
    [Id(2)] public string Checkpoint { get; set; } = string.Empty;
}
