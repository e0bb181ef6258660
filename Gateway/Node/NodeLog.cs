using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway;

/// <summary>Log events of the gateway's node: 3000-3099.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(3001, LogLevel.Information, "Interface {Interface} is owned by {Gateway} under epoch {Epoch}")]
    public static partial void InterfaceAcquired(this ILogger logger, string @interface, string gateway, long epoch);

    [LoggerMessage(3002, LogLevel.Warning, "A call on {Interface}/{Line} was decided by the gateway alone")]
    public static partial void AdmittedAlone(this ILogger logger, string @interface, string line, Exception e);

    [LoggerMessage(3003, LogLevel.Information, "Take {Take} of call {Call} began with {Streams} streams")]
    public static partial void TakeBegan(this ILogger logger, TakeId take, CallId call, int streams);

    [LoggerMessage(
        3004, LogLevel.Information, "Take {Take} of call {Call} ended: {Reason}, {Packets} packets, {Lost} lost")]
    public static partial void TakeEnded(
        this ILogger logger, TakeId take, CallId call, EndReason reason, long packets, long lost);

    [LoggerMessage(3005, LogLevel.Information, "Take {Take} is sealed: leaf {Leaf}")]
    public static partial void TakeSealed(this ILogger logger, TakeId take, long leaf);

    [LoggerMessage(3006, LogLevel.Error, "Sealing take {Take} failed; trying again in {Delay}")]
    public static partial void SealFailed(this ILogger logger, TakeId take, TimeSpan delay, Exception e);

    [LoggerMessage(3007, LogLevel.Warning, "Telling the cluster about call {Call} failed; trying again in {Delay}")]
    public static partial void ReportFailed(this ILogger logger, CallId call, TimeSpan delay, Exception e);

    [LoggerMessage(3010, LogLevel.Warning, "SIP message from {Source} refused with {Status} ({Reason}): {Detail}")]
    public static partial void SipRefused(
        this ILogger logger, IPEndPoint source, int status, string reason, string detail);

    [LoggerMessage(3011, LogLevel.Warning, "{Count} further SIP messages were refused in the last second")]
    public static partial void SipRefusedMore(this ILogger logger, long count);

    [LoggerMessage(3012, LogLevel.Error, "{Operation} failed for {CallId}")]
    public static partial void SipApplicationFailed(this ILogger logger, string operation, string callId, Exception e);

    [LoggerMessage(3013, LogLevel.Warning, "SIP over {Transport} with {Endpoint} failed")]
    public static partial void SipTransportFailed(
        this ILogger logger, string transport, IPEndPoint endpoint, Exception e);

    [LoggerMessage(3014, LogLevel.Error, "A SIP message from {Source} broke an invariant and was dropped")]
    public static partial void SipMessageFailed(this ILogger logger, IPEndPoint source, Exception e);

    [LoggerMessage(
        3015, LogLevel.Warning, "Recording metadata of session {SessionId} could not be read ({Fault}); the "
            + "audio is recorded")]
    public static partial void MetadataUnreadable(this ILogger logger, string sessionId, string fault);

    [LoggerMessage(
        3020, LogLevel.Warning, "Take {Take} of call {Call} was interrupted; {Chunks} committed chunks were "
            + "found and are sealed as restart")]
    public static partial void TakeRecovered(this ILogger logger, TakeId take, CallId call, long chunks);

    [LoggerMessage(3021, LogLevel.Error, "Journal segment {Segment} is corrupt and was put into quarantine: {Reason}")]
    public static partial void SegmentQuarantined(this ILogger logger, string segment, string reason);

    [LoggerMessage(3022, LogLevel.Warning, "Pulling orders failed; recording goes on with those known")]
    public static partial void PullFailed(this ILogger logger, Exception e);

    [LoggerMessage(3023, LogLevel.Warning, "No media for {Timeout}: take {Take} of call {Call} is ended")]
    public static partial void MediaTimedOut(this ILogger logger, TimeSpan timeout, TakeId take, CallId call);

    [LoggerMessage(3024, LogLevel.Error, "A session was refused: {Reason}")]
    public static partial void SessionRefused(this ILogger logger, string reason, Exception e);

    [LoggerMessage(3034, LogLevel.Error, "Call {Call} was admitted and is not recorded: {Why}")]
    public static partial void CallNotCaptured(this ILogger logger, CallId call, string why);

    [LoggerMessage(
        3025, LogLevel.Warning, "{Left} takes were not sealed within {Within}; the next start seals them")]
    public static partial void LeftUnsealed(this ILogger logger, long left, TimeSpan within);

    [LoggerMessage(3026, LogLevel.Information, "Take {Take}: {Desire} is in force ({Reason})")]
    public static partial void OrderCarriedOut(this ILogger logger, TakeId take, TakeDesire desire, string reason);

    [LoggerMessage(
        3028, LogLevel.Warning, "Take {Take} of call {Call}: less than the {Seconds} s before its start are kept; the "
            + "pre-buffer's memory is used up (prebuffer-mib)")]
    public static partial void PreBufferShort(this ILogger logger, TakeId take, CallId call, int seconds);

    [LoggerMessage(3030, LogLevel.Warning, "Live taps and sealing are stopped for load: {Stopped} ({Readings})")]
    public static partial void Shedding(this ILogger logger, bool stopped, string readings);

    [LoggerMessage(3031, LogLevel.Error, "New calls are answered 503 for load: {Refusing} ({Readings})")]
    public static partial void Refusing(this ILogger logger, bool refusing, string readings);

    [LoggerMessage(3032, LogLevel.Warning, "{Count} refused calls wait for the ledger; trying again in {Delay}")]
    public static partial void RefusedCallsWait(this ILogger logger, int count, TimeSpan delay, Exception e);

    [LoggerMessage(
        3033, LogLevel.Error, "About {Count} refused calls could not be put into the ledger before the stop")]
    public static partial void RefusedCallsUnwritten(this ILogger logger, long count);

    [LoggerMessage(
        3027, LogLevel.Error, "Take {Take} of call {Call} could not be closed in the journal; the next start seals it")]
    public static partial void TakeNotClosed(this ILogger logger, TakeId take, CallId call, Exception e);

    [LoggerMessage(
        3040, LogLevel.Critical, "Journal volume {Volume} is fenced: {Reason}. {Left} volumes are left; what was not "
            + "confirmed is written there")]
    public static partial void VolumeFenced(this ILogger logger, string volume, string reason, int left);

    [LoggerMessage(
        3041, LogLevel.Error, "Take {Take} of call {Call} is damaged in the journal: {Damage}. What stands before is "
            + "sealed; the segments are kept")]
    public static partial void TakeDamaged(this ILogger logger, TakeId take, CallId call, string damage);

    [LoggerMessage(
        3042, LogLevel.Warning, "The journal of earlier starts is read: {Takes} takes with {Chunks} chunks are to be "
            + "sealed, {TornBytes} bytes were never confirmed; it took {Milliseconds} ms beside recording")]
    public static partial void JournalRecovered(
        this ILogger logger, int takes, long chunks, long tornBytes, long milliseconds);

    [LoggerMessage(
        3043, LogLevel.Information, "Every take of earlier starts is sealed, except {Failed} that cannot be read")]
    public static partial void RecoverySealed(this ILogger logger, long failed);

    [LoggerMessage(
        3044, LogLevel.Error, "Take {Take} cannot be made ready to be sealed; the journal keeps it, and the next start "
            + "tries again")]
    public static partial void TakeUnrecoverable(this ILogger logger, TakeId take, Exception e);

    [LoggerMessage(
        3045, LogLevel.Error, "Take {Take} cannot be opened: the journal's record that opens it is damaged. {Chunks} "
            + "chunks of it were found; the segments are kept")]
    public static partial void TakeUnopened(this ILogger logger, TakeId take, long chunks);

    [LoggerMessage(
        3046, LogLevel.Critical, "The journal of earlier starts could not be read; it is kept, the next start tries "
            + "again")]
    public static partial void RecoveryFailed(this ILogger logger, Exception e);

    [LoggerMessage(
        3047, LogLevel.Error, "Take {Take} of call {Call} cannot be sealed: the journal gives other bytes than were "
            + "written. It is kept, and the next start seals what can be used")]
    public static partial void SealDamaged(this ILogger logger, TakeId take, CallId call, Exception e);

    [LoggerMessage(
        3050, LogLevel.Critical, "The recording of take {Take} of call {Call} is damaged or missing: {Fault}. It is "
            + "marked and kept as it is; restore it from its copy")]
    public static partial void RecordingDamaged(this ILogger logger, TakeId take, CallId call, string fault);

    [LoggerMessage(3051, LogLevel.Information, "The recording of take {Take} of call {Call} is whole again")]
    public static partial void RecordingWholeAgain(this ILogger logger, TakeId take, CallId call);

    [LoggerMessage(
        3052, LogLevel.Information, "Every sealed recording was read again: {Whole} are whole ({Bytes} bytes since the "
            + "start), {Damaged} are marked as damaged or missing")]
    public static partial void ScrubPassed(this ILogger logger, long whole, long bytes, long damaged);

    [LoggerMessage(3053, LogLevel.Warning, "The scrub of sealed recordings stopped; it goes on in {Delay}")]
    public static partial void ScrubFailed(this ILogger logger, TimeSpan delay, Exception e);

    [LoggerMessage(3054, LogLevel.Error, "Seal leaf {Leaf} cannot be read; its recording is not checked")]
    public static partial void SealLeafUnreadable(this ILogger logger, long leaf, Exception e);

    [LoggerMessage(
        3055, LogLevel.Error, "The recording of take {Take} of call {Call} is not archived and passed over: see what "
            + "happened to it here, or in the archive")]
    public static partial void NotArchived(this ILogger logger, TakeId take, CallId call, Exception e);

    [LoggerMessage(3057, LogLevel.Critical, "{What} ended before its time; restart the gateway")]
    public static partial void BackgroundEnded(this ILogger logger, string what, Exception e);

    [LoggerMessage(3056, LogLevel.Warning, "Recordings wait to be archived; again in {Delay}")]
    public static partial void ArchiveFailed(this ILogger logger, TimeSpan delay, Exception e);
}
