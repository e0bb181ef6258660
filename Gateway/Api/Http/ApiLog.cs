using Microsoft.Extensions.Logging;

namespace Talreg.Api.Http;

/// <summary>The log events of this room: 5000-5099.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(5000, LogLevel.Error, "{Method} failed with {Status}; trace {Trace}")]
    public static partial void RequestFailed(ILogger log, Exception exception, string method, int status, string trace);

    [LoggerMessage(5001, LogLevel.Warning, "Refused a wrong token from {Address}")]
    public static partial void TokenRefused(ILogger log, string address);

    [LoggerMessage(5002, LogLevel.Warning, "Too many wrong tokens from {Address}: blocked for {Seconds} s")]
    public static partial void AddressBlocked(ILogger log, string address, int seconds);

    [LoggerMessage(5003, LogLevel.Error, "The ledger did not confirm the listen {Session} to {Call}: nothing was sent")]
    public static partial void ListenRefused(ILogger log, Exception exception, string session, string call);

    [LoggerMessage(5004, LogLevel.Information, "Access tokens are kept in {Path}")]
    public static partial void TokensOpened(ILogger log, string path);

    [LoggerMessage(5005, LogLevel.Error, "The ledger did not confirm a copy of a search: nothing was sent")]
    public static partial void SearchExportRefused(ILogger log, Exception exception);

    [LoggerMessage(5006, LogLevel.Error, "A burst of wrong tokens is not in the ledger; the next leaf will count it")]
    public static partial void LoginFailuresUnwritten(ILogger log, Exception exception);

    [LoggerMessage(5007, LogLevel.Critical, "The log's published files cannot be read")]
    public static partial void LogUnreadable(ILogger log, Exception exception);
}
