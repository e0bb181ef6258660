using Talreg.Evidence.Witness;

namespace Talreg.Grains.Ledger;

/// <summary>Where logs live, how they are named, and who cosigns them.</summary>
public sealed class LedgerOptions
{
    /// <summary>The most witnesses: with the log's own a note holds 16 signatures, and some are left for others.</summary>
    public const int MaxWitnesses = 8;

    /// <summary>The directory under which each tenant's log has its own.</summary>
    public required string Directory { get; init; }

    /// <summary>The first part of a log's name: <c>{prefix}-{8 hex}.{tenant}</c>.</summary>
    public string LogNamePrefix { get; init; } = "talreg";

    /// <summary>Who is asked to cosign checkpoints, at most <see cref="MaxWitnesses"/>.</summary>
    public IReadOnlyList<WitnessAddress> Witnesses { get; init; } = [];

    /// <summary>Cosignatures that a checkpoint needs to count as witnessed; 0 where there is no witness.</summary>
    public int WitnessQuorum { get; init; }

    /// <summary>Has bytes time-stamped (RFC 3161) and gives the token, verified; null where no authority is configured.</summary>
    public Func<ReadOnlyMemory<byte>, CancellationToken, Task<byte[]>>? Timestamp { get; init; }

    /// <summary>How long a witness may take to answer.</summary>
    public TimeSpan WitnessTimeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>A log's identity.</summary>
/// <param name="Seed">The Ed25519 seed, 32 bytes; the grain wipes it after use.</param>
/// <param name="LogId">8 hexadecimal digits, drawn once with the seed.</param>
public sealed record LogKey(byte[] Seed, string LogId);

/// <summary>Keeps the signing keys of logs. The program's composition implements it over the key store.</summary>
public interface ILogKeySource
{
    /// <summary>The tenant's key; made, and durable before it is returned, when there is none.</summary>
    /// <returns>A fresh copy that the caller may wipe.</returns>
    Task<LogKey> GetOrCreateAsync(string tenant, CancellationToken cancellationToken);
}
