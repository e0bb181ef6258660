using System.Globalization;
using System.Text;
using Talreg.Api.Operations;

namespace Talreg.Silo.Verbs;

/// <summary>How a cluster stands, as a table for a person.</summary>
internal static class StatusTable
{
    private const string Nothing = "-";

    private static readonly string[] Heads =
        ["INTERFACE", "OWNER", "EPOCH", "SINCE", "STANDBY", "HEARD", "LIVE CALLS", "UNSEALED"];

    /// <summary>Writes it, then orders that stand and alarms, a line each.</summary>
    public static string Write(ClusterStatus status)
    {
        var text = new StringBuilder();
        if (status.Interfaces.Count == 0)
        {
            return "No interface was ever in use: start a gateway.\n";
        }

        List<string[]> rows = [Heads, .. status.Interfaces.Select(Row)];
        var widths = Heads.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            var line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.Append(line.TrimEnd()).Append('\n');
        }

        foreach (var one in status.Interfaces)
        {
            if (one.Handover is { } order)
            {
                text.Append(CultureInfo.InvariantCulture, $"{one.Name}: {Word(order)} asked by {order.Actor} ")
                    .Append(CultureInfo.InvariantCulture, $"at {order.At:u}, ")
                    .Append(order.Declined is { } why ? $"declined: {why}" : "under way").Append('\n');
            }

            foreach (var alarm in one.Alarms)
            {
                text.Append(CultureInfo.InvariantCulture, $"ALARM {one.Name}: {alarm}\n");
            }
        }

        return text.ToString();
    }

    private static string[] Row(InterfaceStatus one) =>
    [
        one.Name,
        one.Owner,
        one.Epoch.ToString(CultureInfo.InvariantCulture),
        one.OwnedSince?.ToString("u", CultureInfo.InvariantCulture) ?? Nothing,
        one.Standbys.Count == 0 ? Nothing : string.Join(",", one.Standbys),
        Heard(one),
        one.LiveCalls.ToString(CultureInfo.InvariantCulture),
        one.Gateways.Sum(gateway => gateway.Unsealed).ToString(CultureInfo.InvariantCulture),
    ];

    // How long ago the owner heard its first standby: whether there is one to take over, and how far away it is.
    private static string Heard(InterfaceStatus one) =>
        one.Standbys.Count > 0
        && one.Gateways.FirstOrDefault(gateway => gateway.Gateway == one.Owner) is { } owner
        && owner.HeardMs.TryGetValue(one.Standbys[0], out var ms)
            ? string.Create(CultureInfo.InvariantCulture, $"{ms} ms")
            : Nothing;

    private static string Word(HandoverStatus order) => order.To is { } to
        ? $"{order.Kind} to {to}".ToLowerInvariant()
        : order.Kind.ToString().ToLowerInvariant();
}
