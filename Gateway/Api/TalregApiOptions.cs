using Prometheus;
using Talreg.Contracts;

namespace Talreg.Api;

/// <summary>What the composition root decides about the API.</summary>
public sealed record TalregApiOptions
{
    /// <summary>The tenant every caller belongs to.</summary>
    public string Tenant { get; init; } = Names.DefaultTenant;

    /// <summary>Path of the file that holds the hashes of the access tokens. Its folder must exist.</summary>
    public required string TokenFile { get; init; }

    /// <summary>The administrator's token, when the operator chose it (<c>TALREG_BOOTSTRAP_TOKEN</c>); else null.</summary>
    public string? BootstrapToken { get; init; }

    /// <summary>The token that reads the log's tiles and nothing else (<c>TALREG_AUDITOR_TOKEN</c>); null for none.</summary>
    public string? AuditorToken { get; init; }

    /// <summary>Folder of the tenants' logs, of which each has one of its name; null serves none.</summary>
    public string? LedgerDirectory { get; init; }

    /// <summary>True lets anyone read the log: no entry tells what it is about, but all tell when and how often.</summary>
    public bool LedgerIsPublic { get; init; }

    /// <summary>Told the administrator's token when one was made: once in the life of the token file.</summary>
    public Action<string>? AnnounceToken { get; init; }

    /// <summary>What <c>/metrics</c> shows; null for the default registry.</summary>
    public CollectorRegistry? Registry { get; init; }

    /// <summary>How long the ledger may take to confirm a listen before it is refused.</summary>
    public TimeSpan LedgerDeadline { get; init; } = TimeSpan.FromSeconds(5);
}
