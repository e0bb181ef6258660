using Microsoft.Extensions.Logging;

namespace Talreg.Grains.Ledger;

/// <summary>What the ledger logs. Event ids 5200-5219.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(5200, LogLevel.Information, "Ledger {Log} opened at {Size} entries")]
    internal static partial void Opened(ILogger logger, string log, long size);

    [LoggerMessage(5201, LogLevel.Critical, "Ledger of {Tenant} cannot be opened: {Reason}")]
    internal static partial void CannotOpen(ILogger logger, Exception error, string tenant, string reason);

    [LoggerMessage(5202, LogLevel.Error, "Ledger of {Tenant} failed to append; {Refused} events are refused")]
    internal static partial void AppendFailed(ILogger logger, Exception error, string tenant, int refused);

    [LoggerMessage(5203, LogLevel.Warning, "Ledger of {Tenant} took {Milliseconds} ms for a batch of {Count}")]
    internal static partial void Slow(ILogger logger, string tenant, long milliseconds, int count);
}
