using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>Log events of owning an interface: 3070-3089.</summary>
internal static partial class OwnershipLog
{
    [LoggerMessage(
        3070, LogLevel.Information, "Interface {Interface}: {Before} becomes {After}; {Owner} owns it under epoch "
            + "{Epoch}")]
    public static partial void RoleChanged(
        this ILogger logger, string @interface, GatewayRole before, GatewayRole after, string owner, long epoch);

    [LoggerMessage(
        3071, LogLevel.Critical, "The ownership of interface {Interface} needs somebody: {Obstacle}")]
    public static partial void TakeoverBlocked(this ILogger logger, string @interface, string obstacle);

    [LoggerMessage(
        3072, LogLevel.Warning, "This process stood still; whether it still owns interface {Interface} is asked "
            + "before it sends SIP")]
    public static partial void StoodStill(this ILogger logger, string @interface);

    [LoggerMessage(
        3073, LogLevel.Error, "Interface {Interface} belongs to {Owner} under epoch {Epoch}: no SIP is answered here "
            + "any more, the audio of {Calls} calls is kept and flagged")]
    public static partial void Superseded(
        this ILogger logger, string @interface, string owner, long epoch, int calls);

    [LoggerMessage(3074, LogLevel.Warning, "How interface {Interface} stands could not be asked")]
    public static partial void OwnershipUnread(this ILogger logger, string @interface, Exception e);

    [LoggerMessage(3075, LogLevel.Information, "Interface {Interface} is handed over to {To}")]
    public static partial void HandedOver(this ILogger logger, string @interface, string to);

    [LoggerMessage(3076, LogLevel.Warning, "Interface {Interface} is not handed over: {Reason}")]
    public static partial void HandoverDeclined(this ILogger logger, string @interface, string reason);

    [LoggerMessage(3077, LogLevel.Warning, "Heartbeats of interface {Interface} cannot be sent to {Member}")]
    public static partial void HeartbeatUnsent(
        this ILogger logger, string @interface, IPEndPoint member, Exception e);

    [LoggerMessage(
        3078, LogLevel.Warning, "The ledger was not told of epoch {Epoch} of interface {Interface}; trying again")]
    public static partial void EpochUndeclared(this ILogger logger, string @interface, long epoch, Exception e);

    [LoggerMessage(3079, LogLevel.Error, "Address {Address} of interface {Interface} cannot be held or given up")]
    public static partial void AddressFailed(this ILogger logger, string @interface, string address, Exception e);
}
