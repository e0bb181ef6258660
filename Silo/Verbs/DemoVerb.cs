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
            "Starts a recorder on loopback, places a SIPREC call to it as a session border controller would, and shows "
            + "that it was recorded, sealed, proved, found and can be heard. Takes free ports and the folder "
            + "./talreg-demo unless told otherwise.");
        options.AddTo(command);
        command.Add(once);
        command.SetAction((result, cancellationToken) =>
            RunAsync(
                RecorderOptions.Given(result),
                result.GetValue(once),
                result.InvocationConfiguration,
                cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        Dictionary<string, string?> given,
        bool once,
        InvocationConfiguration console,
        CancellationToken cancellationToken)
    {
        given.TryAdd(SettingKey.Data.Name, DefaultFolder);
        given.TryAdd(SettingKey.Sip.Name, $"{IPAddress.Loopback}:0");
        given.TryAdd(SettingKey.Http.Name, $"{IPAddress.Loopback}:0");
        try
        {
            // Neither talreg.json nor the environment: what the demo shows must not depend on what lies about.
            var settings = SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(given).Build());
            var token = $"tlr_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
            var shown = new RecorderConsole { BootstrapToken = token, LogLevel = LogLevel.Warning };
            var host = await RecorderHost.OpenAsync(settings, shown, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                var held = await ShowAsync(host, settings, token, console.Output).ConfigureAwait(false);
                if (!once && !host.Stopping.IsCancellationRequested)
                {
                    await console.Output.WriteLineAsync("\nStays up until Ctrl-C.").ConfigureAwait(false);
                    await host.WaitForStopAsync(cancellationToken).ConfigureAwait(false);
                }

                return held ? 0 : 1;
            }
        }
        catch (Exception e) when (e is SettingsException or StartRefusedException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }

    private static async Task<bool> ShowAsync(
        RecorderHost host, RecorderSettings settings, string token, TextWriter output)
    {
        using var run = new DemoRun(host.Http, host.Gateway.SipEndPoint, settings, token, output);
        try
        {
            return await run.RunAsync(host.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (host.Stopping.IsCancellationRequested)
        {
            await output.WriteLineAsync("Stopped before the demo was at its end.").ConfigureAwait(false);
            return false;
        }
    }
}
