using System.Globalization;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Api.Operations;

/// <summary>Puts together how the cluster stands from what its grains and gateways say.</summary>
internal sealed class StatusReader(TenantGrains grains, TimeProvider clock)
{
    /// <summary>A gateway that has not reported for longer is an alarm; it reports each second.</summary>
    public static readonly TimeSpan ReportWithin = TimeSpan.FromSeconds(5);

    // One gateway's grain that does not answer must not keep the rest from being told.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>Every interface.</summary>
    public async Task<ClusterStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var names = await grains.Interfaces.ListAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var read = await Task.WhenAll(names.Select(name => ReadAsync(name, cancellationToken))).ConfigureAwait(false);
        return new ClusterStatus(clock.GetUtcNow(), [.. read.OfType<InterfaceStatus>()]);
    }

    /// <summary>One interface; null when nobody ever owned it.</summary>
    public async Task<InterfaceStatus?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var ownership = await grains.Interface(name).ReadAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return ownership is null ? null : await DescribeAsync(ownership, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An interface whose ownership is known.</summary>
    public async Task<InterfaceStatus> DescribeAsync(InterfaceOwnership ownership, CancellationToken cancellationToken)
    {
        var lease = ownership.Lease;
        var standbys = ownership.Standbys.Select(member => member.Gateway).ToList();
        var reports = await Task.WhenAll(standbys.Prepend(lease.Gateway)
            .Select(gateway => ReportOfAsync(gateway, cancellationToken))).ConfigureAwait(false);
        var known = reports.Select(one => one.Report).OfType<GatewayReport>()
            .Where(report => report.Interface == lease.Interface).ToList();
        return new InterfaceStatus(
            lease.Interface,
            lease.Gateway,
            lease.Epoch,
            ownership.OwnedSince,
            ownership.Home,
            standbys,
            ownership.Order is { } order
                ? new HandoverStatus(order.Kind, order.To, order.Actor, order.At, order.Declined)
                : null,
            known.Sum(report => report.LiveCalls),
            [.. known.Select(Describe)],
            [
                .. reports.Select(one => Silence(one.Gateway, one.Report, lease.Interface)).OfType<string>(),
                .. ownership.Owner is not null && standbys.Count == 0 ? ["Nobody stands by."] : Array.Empty<string>(),
                .. known.SelectMany(report => report.Alarms.Select(alarm => $"{report.Gateway}: {alarm}")),
            ]);
    }

    private async Task<(string Gateway, GatewayReport? Report)> ReportOfAsync(
        string gateway, CancellationToken cancellationToken)
    {
        try
        {
            return (
                gateway,
                await grains.Gateway(gateway).GetReportAsync().WaitAsync(AnswerWithin, clock, cancellationToken)
                    .ConfigureAwait(false));
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            // No report and one that cannot be had are told the same way: as an alarm.
            return (gateway, null);
        }
    }

    private string? Silence(string gateway, GatewayReport? report, string @interface)
    {
        if (report is null || report.Interface != @interface)
        {
            return $"{gateway} does not report.";
        }

        var age = clock.GetUtcNow() - report.At;
        return age > ReportWithin
            ? string.Create(CultureInfo.InvariantCulture, $"{gateway} has not reported for {age.TotalSeconds:0} s.")
            : null;
    }

    private static GatewayStatus Describe(GatewayReport report) => new(
        report.Gateway,
        report.Role,
        report.Epoch,
        report.LiveCalls,
        report.Unsealed,
        report.At,
        report.Heard.ToDictionary(
            one => one.Key, one => (long)one.Value.TotalMilliseconds, StringComparer.Ordinal));
}
