using System.CommandLine;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.Silo.Verbs;

/// <summary><c>talreg rebuild</c>: makes the search's read model anew from recordings and ledger.</summary>
internal static class RebuildVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var options = new RecorderOptions();
        var command = new Command(
            "rebuild",
            "Drops the search's read model and fills it again from recordings and ledger. The recorder must be stopped.");
        options.AddFolderTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(result, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var console = result.InvocationConfiguration;
        try
        {
            var settings = RecorderOptions.Read(result);
            var shown = new RecorderConsole { LogLevel = LogLevel.Warning, SiloOnly = true };
            var host = await RecorderHost.OpenAsync(settings, shown, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                var rebuild = host.Services.GetRequiredService<ReadModelRebuild>();
                var progress = new Progress<long>(calls => console.Output.Write($"\r{calls} calls"));
                var (calls, unreadable) = await rebuild.RunAsync(settings.Tenant, progress, cancellationToken)
                    .ConfigureAwait(false);
                await console.Output.WriteLineAsync(
                    $"\r{calls} calls put back, {unreadable} seals without a readable recording.")
                    .ConfigureAwait(false);
            }

            return 0;
        }
        catch (Exception e) when (e is SettingsException or StartRefusedException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }
}
