using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Talreg.Benchmarks.Sip;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.State;

namespace Talreg.Benchmarks.Nation;

/// <summary>What a call asks of database and ledger, from its INVITE to its seal.</summary>
/// <param name="Writes">Rows written: grain states and read model.</param>
/// <param name="Leaves">Leaves of the ledger.</param>
internal readonly record struct PerCall(double Writes, double Leaves)
{
    private const int Calls = 50;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs a whole recorder in this process and places calls to it, one after the other.</summary>
    internal static async Task<PerCall> MeasureAsync(string folder)
    {
        var settings = new RecorderSettings
        {
            Data = folder,
            Sip = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            RtpLow = 34_000,
            RtpHigh = 34_999,
            SegmentBytes = 16 << 20,
        };
        var console = new RecorderConsole { LogLevel = LogLevel.Warning };
        var host = await RecorderHost.OpenAsync(settings, console, CancellationToken.None).ConfigureAwait(false);
        await using var closing = host.ConfigureAwait(false);
        await host.StartAsync(CancellationToken.None).ConfigureAwait(false);

        // The first call makes the line and the interface known, which later ones find.
        await PlaceAsync(host, 0, 1).ConfigureAwait(false);
        var before = await CountAsync(host).ConfigureAwait(false);
        await PlaceAsync(host, 1, Calls).ConfigureAwait(false);
        var after = await CountAsync(host).ConfigureAwait(false);
        return new PerCall(
            (double)(after.Writes - before.Writes) / Calls, (double)(after.Leaves - before.Leaves) / Calls);
    }

    private static async Task PlaceAsync(RecorderHost host, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            using var call = RecordedCall.Begin(
                host.Gateway.SipEndPoint, string.Create(CultureInfo.InvariantCulture, $"nation{i}"));
            call.End();
        }

        using var timer = new PeriodicTimer(Interval);
        while (host.Gateway.Counters.Sealed < first + count)
        {
            await timer.WaitForNextTickAsync().ConfigureAwait(false);
        }
    }

    private static async Task<(long Writes, long Leaves)> CountAsync(RecorderHost host)
    {
        var ledger = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>(Names.DefaultTenant);
        var checkpoint = await ledger.GetCheckpointAsync().ConfigureAwait(false);
        return (
            host.Services.GetRequiredService<SqliteDatabase>().Statistics.Writes,
            long.Parse(checkpoint.Split('\n')[1], CultureInfo.InvariantCulture));
    }
}
