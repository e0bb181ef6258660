using System.CommandLine;
using Talreg.Gateway;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.Silo.Verbs;

/// <summary><c>talreg all</c>: an all-in-one recorder. It is also what runs without a verb.</summary>
internal static class AllVerb
{
    /// <summary>The environment variable that presets the administrator's token.</summary>
    public const string BootstrapVariable = "TALREG_BOOTSTRAP_TOKEN";

    /// <summary>The environment variable with the token that reads the ledger's published files and nothing else.</summary>
    public const string AuditorVariable = "TALREG_AUDITOR_TOKEN";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "all",
            "Runs silo, gateway, API and page in one process. Settings come from talreg.json, then TALREG_ environment "
            + "variables (TALREG_RTP_PORTS for rtp-ports), then the options below; the last one given wins.");
        AddTo(command);
        return command;
    }

    /// <summary>Makes a command run the recorder when no verb is given.</summary>
    public static void AddTo(Command command)
    {
        var options = new RecorderOptions();
        options.AddTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(result, cancellationToken));
    }

    /// <summary>How a process that runs until it is told to stop shows itself.</summary>
    public static RecorderConsole Shown(InvocationConfiguration console) => new()
    {
        BootstrapToken = Environment.GetEnvironmentVariable(BootstrapVariable),
        AuditorToken = Environment.GetEnvironmentVariable(AuditorVariable),
        AnnounceToken = token => console.Output.WriteLine(
            $"Administrator token, shown this once, only its hash is kept: {token}"),
    };

    /// <summary>Where a gateway hears SIP.</summary>
    public static string Describe(GatewayNode gateway) =>
        $"SIP on {gateway.SipEndPoint}/UDP and {gateway.SipTcpEndPoint}/TCP"
        + (gateway.SipTlsEndPoint is { } tls ? $" and {tls}/TLS" : "");

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var console = result.InvocationConfiguration;
        try
        {
            var host = await RecorderHost.OpenAsync(RecorderOptions.Read(result), Shown(console), cancellationToken)
                .ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                await console.Output.WriteLineAsync(
                    $"Recording. {Describe(host.Gateway)}, page and API on {host.Http}").ConfigureAwait(false);
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
}
