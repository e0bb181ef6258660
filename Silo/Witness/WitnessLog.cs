using Talreg.Evidence.Witness;

namespace Talreg.Silo.Witness;

/// <summary>Log events of the witness: 6200-6219.</summary>
internal static partial class WitnessLog
{
    [LoggerMessage(6200, LogLevel.Information, "Following {Log} from {Size} entries")]
    public static partial void Following(this ILogger logger, string log, long size);

    [LoggerMessage(
        6201,
        LogLevel.Critical,
        "REFUSED {Log}: {Why}. Seen: {Seen} entries; offered by {By}. It is not cosigned")]
    public static partial void Refused(this ILogger logger, string log, Sighting why, long seen, string by);

    [LoggerMessage(6202, LogLevel.Critical, "{Log} has signed two roots for one size; both notes are kept in {Path}")]
    public static partial void ForkKept(this ILogger logger, string log, string path);

    [LoggerMessage(6203, LogLevel.Warning, "{Log} cannot be read: {Reason}")]
    public static partial void Unreachable(this ILogger logger, string log, string reason);

    [LoggerMessage(6204, LogLevel.Warning, "The witness at {Peer} cannot be read: {Reason}")]
    public static partial void PeerUnreachable(this ILogger logger, Uri peer, string reason);
}
