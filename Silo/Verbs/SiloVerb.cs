using System.CommandLine;
using Talreg.Silo.Hosting;
using Talreg.Silo.Hosting.Cluster;
using Talreg.Silo.Options;

namespace Talreg.Silo.Verbs;

/// <summary><c>talreg silo</c>: a silo of a cluster, with API and page.</summary>
internal static class SiloVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var options = new RecorderOptions();
        var command = new Command(
            "silo",
            "Runs a silo of a cluster, with API and page. It needs the settings database, ledger and cluster-key; database is "
            + "given as TALREG_DATABASE or in talreg.json, because a command line is seen by everyone on the machine.");
        options.AddSiloTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(result, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var console = result.InvocationConfiguration;
        try
        {
            var host = await SiloHost.OpenAsync(RecorderOptions.Read(result), AllVerb.Shown(console), cancellationToken)
                .ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                await console.Output.WriteLineAsync(
                    $"Silo of cluster {host.Cluster.Id}. Silos reach it on {host.Cluster.Silo}, gateways on "
                    + $"{host.Cluster.SiloClients}, page and API on {host.Http}").ConfigureAwait(false);
                await host.WaitForStopAsync(cancellationToken).ConfigureAwait(false);
                await console.Output.WriteLineAsync("Stopping: grains move to other silos.").ConfigureAwait(false);
            }

            return 0;
        }
        catch (Exception e) when (e is SettingsException or StartRefusedException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }
}
