using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Grains;

/// <summary>Log events of the grains: 2000-2099 (the ledger's are its own).</summary>
internal static partial class GrainsLog
{
    [LoggerMessage(
        2001, LogLevel.Warning, "Gateway {Gateway} did not confirm {Desire} of take {Take} in time; it will "
            + "pull the order")]
    public static partial void OrderUnconfirmed(
        this ILogger logger, string gateway, TakeId take, TakeDesire desire, Exception e);

    [LoggerMessage(2002, LogLevel.Information, "Gateway {Gateway} did not answer about take {Take}")]
    public static partial void ReadUnanswered(this ILogger logger, string gateway, TakeId take, Exception e);

    [LoggerMessage(
        2003, LogLevel.Information, "Call {Call} on {Channel}: {Verdict} by {Policy} v{Version} rule {Rule}")]
    public static partial void Admitted(
        this ILogger logger, CallId call, string channel, VerdictKind verdict, string policy, int version, string rule);

    [LoggerMessage(2004, LogLevel.Information, "Call {Call} is {State}: {Reason}")]
    public static partial void CallEnded(this ILogger logger, CallId call, CallState state, EndReason reason);

    [LoggerMessage(
        2005, LogLevel.Warning, "Call {Call}: {Command} by {Actor} was not confirmed by every gateway in time")]
    public static partial void CommandUnconfirmed(this ILogger logger, CallId call, CallCommand command, string actor);

    [LoggerMessage(
        2006, LogLevel.Information, "Interface {Interface} was changed by another silo meanwhile; attempt {Attempt} "
            + "again")]
    public static partial void OwnershipRaced(this ILogger logger, string @interface, int attempt, Exception e);

    [LoggerMessage(
        2007, LogLevel.Warning, "Interface {Interface} is not on the list of interfaces yet; its next change lists it")]
    public static partial void InterfaceUnlisted(this ILogger logger, string @interface, Exception e);

    [LoggerMessage(2008, LogLevel.Warning, "The simulation of policy {Policy} v{Version} cannot go on")]
    public static partial void SimulationFailed(this ILogger logger, string policy, int version, Exception e);

    [LoggerMessage(2009, LogLevel.Warning, "What comes into force of policy {Policy} cannot be read now")]
    public static partial void PolicyUnread(this ILogger logger, string policy, Exception e);
}
