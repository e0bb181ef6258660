namespace Talreg.Silo.Hosting;

/// <summary>Log events of the recorder's host: 6000-6099.</summary>
internal static partial class RecorderLog
{
    [LoggerMessage(6000, LogLevel.Information, "Media is {Method} on {Shards} shard(s): {Why}")]
    public static partial void ReceiveChosen(this ILogger logger, string method, int shards, string why);

    [LoggerMessage(
        6001, LogLevel.Information, "{Bytes} bytes of journal of earlier starts are read beside recording")]
    public static partial void Recovering(this ILogger logger, long bytes);

    [LoggerMessage(
        6002, LogLevel.Information, "{Expired} rows of grain state were due and are removed; {Failed} calls of which "
            + "no take came are ended as failed")]
    public static partial void HousekeepingDone(this ILogger logger, int expired, int failed);

    [LoggerMessage(6003, LogLevel.Warning, "Housekeeping failed; again in {Delay}")]
    public static partial void HousekeepingFailed(this ILogger logger, TimeSpan delay, Exception e);

    [LoggerMessage(6010, LogLevel.Error, "The ledger has not taken the {What} of this minute: {Reason}")]
    public static partial void LedgerNotKept(this ILogger logger, string what, string reason);

    [LoggerMessage(
        6011,
        LogLevel.Critical,
        "Only {Cosigned} of {Quorum} witnesses cosigned the ledger at {Size} entries: {Missing}")]
    public static partial void QuorumMissed(
        this ILogger logger, int cosigned, int quorum, long size, string missing);

    [LoggerMessage(6012, LogLevel.Warning, "Witness {Name} did not cosign the ledger at {Size} entries: {Reason}")]
    public static partial void WitnessMissing(this ILogger logger, string name, long size, string reason);

    [LoggerMessage(6013, LogLevel.Information, "A quorum of witnesses cosigns the ledger again, at {Size} entries")]
    public static partial void QuorumBack(this ILogger logger, long size);

    [LoggerMessage(6014, LogLevel.Error, "The ledger's checkpoint is not time-stamped; again in {Delay}: {Reason}")]
    public static partial void TimestampFailed(this ILogger logger, TimeSpan delay, string reason);

    [LoggerMessage(6020, LogLevel.Warning, "No silo of the cluster can be reached; trying again: {Reason}")]
    public static partial void NoSilo(this ILogger logger, string reason);

    [LoggerMessage(6021, LogLevel.Warning, "The cluster does not answer for the interface yet; asking again: {Reason}")]
    public static partial void ClusterNotReady(this ILogger logger, string reason);
}
