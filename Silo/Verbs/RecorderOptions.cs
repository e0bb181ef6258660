using System.CommandLine;

namespace Talreg.Silo.Verbs;

/// <summary>
/// The options every verb that runs a recorder takes. Each is also a configuration key of the same name.
/// </summary>
internal sealed class RecorderOptions
{
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Folder for everything the recorder keeps. One recorder per folder.",
        HelpName = "folder",
    };

    private readonly Option<string?> _sip = new("--sip")
    {
        Description = "Where SIP is heard, UDP and TCP. Default 0.0.0.0:5060.",
        HelpName = "host:port",
    };

    private readonly Option<string?> _http = new("--http")
    {
        Description =
            "Where the API and the page are served. Default 127.0.0.1:8080: put TLS in front before it "
                + "leaves the machine.",
        HelpName = "host:port",
    };

    private readonly Option<string?> _ports = new("--rtp-ports")
    {
        Description = "Ports for media, two for each stream. Default 20000-29999.",
        HelpName = "low-high",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_sip);
        command.Add(_http);
        command.Add(_ports);
    }

    /// <summary>What was given, by configuration key.</summary>
    public Dictionary<string, string?> Values(ParseResult result) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["data"] = result.GetValue(_data),
        ["sip"] = result.GetValue(_sip),
        ["http"] = result.GetValue(_http),
        ["rtp-ports"] = result.GetValue(_ports),
    };
}
