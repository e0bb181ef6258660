using System.CommandLine;
using System.Net;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.Silo.Witness;

namespace Talreg.Silo.Verbs;

/// <summary><c>talreg witness</c>: follows recorders' logs for an auditor, and cosigns what is consistent.</summary>
internal static class WitnessVerb
{
    /// <summary>The exit code when a log was refused.</summary>
    private const int LogRefused = 1;

    private static readonly Option<string> Name = new("--name")
    {
        Description = "The witness's name in its cosignatures, such as auditor.example/w1: no space, no plus sign.",
        HelpName = "name",
        Required = true,
    };

    private static readonly Option<FileInfo> Logs = new("--logs")
    {
        Description = "File of the logs to follow, a line for each: its verifier key, its URL (…/ledger/TENANT) and, "
            + "where it wants one, the path of a file with a token.",
        HelpName = "file",
        Required = true,
    };

    private static readonly Option<DirectoryInfo> Data = new("--data")
    {
        Description = "Folder for the witness's key and what it has seen. Back it up: a witness that forgets is none.",
        HelpName = "folder",
        Required = true,
    };

    private static readonly Option<string> Http = new("--http")
    {
        Description = "Where logs ask for cosignatures. Put TLS in front before it leaves the machine.",
        HelpName = "host:port",
        DefaultValueFactory = _ => "127.0.0.1:8090",
    };

    private static readonly Option<int> Every = new("--every")
    {
        Description = "Seconds between rounds, 1 to 3600.",
        HelpName = "seconds",
        DefaultValueFactory = _ => 30,
    };

    private static readonly Option<string[]> Peers = new("--peer")
    {
        Description = "URL of another auditor's witness; what it was shown is held against what is shown here. May be "
            + "repeated.",
        HelpName = "url",
    };

    private static readonly Option<bool> Once = new("--once")
    {
        Description = "Does one round and ends: 0 all logs are consistent; 1 one was refused; 2 one could not be read.",
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "witness",
            "Follows the logs of recorders for an auditor: checks that each only grows, remembers what it saw, and cosigns "
            + "it. Ends with exit code 1 when a log shrank, forked or could not prove itself.")
        {
            Name, Logs, Data, Http, Every, Peers, Once,
        };
        command.SetAction((result, cancellationToken) => RunAsync(result, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var console = result.InvocationConfiguration;
        try
        {
            var once = result.GetValue(Once);
            var host = WitnessHost.Open(Read(result), follows: !once);
            await using (host.ConfigureAwait(false))
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                await console.Output.WriteLineAsync($"Witness {host.Key} on {host.Http}").ConfigureAwait(false);
                if (once)
                {
                    await host.Follower.RunOnceAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await host.WaitForStopAsync(cancellationToken).ConfigureAwait(false);
                }

                return host.Register.Refusals > 0 ? LogRefused
                    : once && host.Register.Unread > 0 ? VerbConsole.Refused
                    : 0;
            }
        }
        catch (Exception e) when (e is SettingsException or StartRefusedException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }

    /// <summary>The options, checked.</summary>
    /// <exception cref="SettingsException">The first fault found.</exception>
    private static WitnessOptions Read(ParseResult result)
    {
        var seconds = result.GetValue(Every);
        if (seconds is < 1 or > 3600)
        {
            throw new SettingsException("every", seconds.ToString(), "1 to 3600 seconds");
        }

        var http = result.GetRequiredValue(Http);
        if (!IPEndPoint.TryParse(http, out var address) || !http.Contains(':', StringComparison.Ordinal))
        {
            throw new SettingsException("http", http, SettingKey.Http.Allowed);
        }

        var peers = new List<Uri>();
        foreach (var text in result.GetValue(Peers) ?? [])
        {
            if (!WitnessOptions.IsUrl(text, out var url) || peers.Count == WitnessOptions.MaxPeers)
            {
                throw new SettingsException("peer", text, $"a URL of http or https; up to {WitnessOptions.MaxPeers}");
            }

            peers.Add(url);
        }

        return new WitnessOptions
        {
            Name = result.GetRequiredValue(Name),
            Data = Path.GetFullPath(result.GetRequiredValue(Data).FullName),
            Http = address,
            Every = TimeSpan.FromSeconds(seconds),
            Logs = WitnessOptions.ReadLogs(result.GetRequiredValue(Logs).FullName),
            Peers = peers,
        };
    }
}
