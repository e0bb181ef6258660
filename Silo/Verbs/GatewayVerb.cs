using System.CommandLine;
using Talreg.Silo.Hosting;
using Talreg.Silo.Hosting.Cluster;
using Talreg.Silo.Options;

namespace Talreg.Silo.Verbs;

/// <summary><c>talreg gateway</c>: the gateway of a node, a process of its own beside the silos.</summary>
internal static class GatewayVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var options = new RecorderOptions();
        var command = new Command(
            "gateway",
            "Runs a gateway of a cluster: SIP, media and journal of this node. It needs the setting database, given as "
            + "TALREG_DATABASE or in talreg.json, where it finds the silos.");
        options.AddGatewayTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(result, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var console = result.InvocationConfiguration;
        try
        {
            var settings = RecorderOptions.Read(result);
            var host = await GatewayHost.OpenAsync(settings, AllVerb.Shown(console), cancellationToken)
                .ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                if (!await StartAsync(host, cancellationToken).ConfigureAwait(false))
                {
                    return 0;
                }

                await console.Output.WriteLineAsync(
                    $"Recording as {settings.Gateway} of cluster {settings.Cluster.Id}. "
                    + $"{AllVerb.Describe(host.Gateway)}, health and metrics on {host.Http}").ConfigureAwait(false);
                await host.WaitForStopAsync(cancellationToken).ConfigureAwait(false);
                await console.Output.WriteLineAsync("Stopping: live takes are sealed.").ConfigureAwait(false);
            }

            return 0;
        }
        catch (Exception e) when (e is SettingsException or StartRefusedException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }

    // It may be told to stop while it still waits for a first silo.
    private static async Task<bool> StartAsync(GatewayHost host, CancellationToken cancellationToken)
    {
        var stopping = host.Stopping;
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested
            || cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
