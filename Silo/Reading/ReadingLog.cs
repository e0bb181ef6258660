namespace Talreg.Silo.Reading;

/// <summary>Log events of reading between silos and gateways: 6100-6149.</summary>
internal static partial class ReadingLog
{
    [LoggerMessage(
        6100, LogLevel.Information, "Keys of take {Take} of call {Call} are given for {Actor}, purpose: {Purpose}")]
    public static partial void KeysGiven(this ILogger logger, Guid take, Guid call, string actor, string purpose);

    [LoggerMessage(6101, LogLevel.Error, "The recording of take {Take} cannot be read for a silo")]
    public static partial void RecordingUnreadable(this ILogger logger, Guid take, Exception e);

    [LoggerMessage(
        6102, LogLevel.Warning, "The cluster was not told where this gateway is read; again in {Delay}: {Reason}")]
    public static partial void NotAnnounced(this ILogger logger, TimeSpan delay, string reason);

    [LoggerMessage(6103, LogLevel.Warning, "Take {Take} of call {Call} is left out of what is heard: {Reason}")]
    public static partial void TakeLeftOut(this ILogger logger, Guid take, Guid call, string reason);
}
