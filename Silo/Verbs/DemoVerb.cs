using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Talreg.Silo.Demo;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.Silo.Verbs;

/// <summary>
/// <c>talreg demo</c>: a recorder on loopback, one real SIPREC call to it, and the proof of what came of it.
/// </summary>
internal static class DemoVerb
{
    private const string DefaultFolder = "talreg-demo";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var options = new RecorderOptions();
        var once = new Option<bool>("--once")
        {
            Description = "Ends after the call instead of staying up; exit code 0 only when everything held.",
        };
        var command = new Command(
            "demo",
            "Starts a recorder on loopback, places a SIPREC call to it as a session border controller "
                + "would, and shows that it was "
            + "recorded, sealed, proved, found and can be heard. Takes free ports and the folder "
                + "./talreg-demo unless told otherwise.");
        options.AddTo(command);
        command.Add(once);
        command.SetAction((result, cancellationToken) =>
            RunAsync(options.Values(result), result.GetValue(once), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        Dictionary<string, string?> given, bool once, CancellationToken cancellationToken)
    {
        given["data"] ??= DefaultFolder;
        given["sip"] ??= $"{IPAddress.Loopback}:0";
        given["http"] ??= $"{IPAddress.Loopback}:0";
        try
        {
            // Neither talreg.json nor the environment: what the demo shows must not depend on what lies about.
            var configuration = new ConfigurationBuilder().AddInMemoryCollection(given.Where(pair =>
                pair.Value is not null)).Build();
            var settings = SettingsReader.Read(configuration);
            var token = $"tlr_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
            var console = new RecorderConsole { BootstrapToken = token, LogLevel = LogLevel.Warning };
            var host = await RecorderHost.OpenAsync(settings, console, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                using var run = new DemoRun(host.Http, host.Gateway.SipEndPoint, settings, token, Console.Out);
                var held = await run.RunAsync(cancellationToken).ConfigureAwait(false);
                if (!once)
                {
                    await Console.Out.WriteLineAsync("\nStays up until Ctrl-C.").ConfigureAwait(false);
                    await host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
                }

                return held ? 0 : 1;
            }
        }
        catch (Exception e) when (e is SettingsException or StartRefusedException)
        {
            await Console.Error.WriteLineAsync($"talreg: {e.Message}").ConfigureAwait(false);
            return 2;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return once ? 1 : 0;
        }
    }
}
