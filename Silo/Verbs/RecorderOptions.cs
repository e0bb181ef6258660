using System.Collections;
using System.CommandLine;
using Talreg.Silo.Options;

namespace Talreg.Silo.Verbs;

/// <summary>
/// The options every verb that runs a recorder takes. Each is also a configuration key of the same name.
/// </summary>
internal sealed class RecorderOptions
{
    /// <summary>The settings file, looked for where the program is started.</summary>
    public const string SettingsFile = "talreg.json";

    private readonly Option<string?> _data = Setting(
        SettingKey.Data, "folder", "Folder for everything the recorder keeps. One recorder per folder.");

    private readonly Option<string?> _sip = Setting(
        SettingKey.Sip, "host:port", "Where SIP is heard, UDP and TCP. Default 0.0.0.0:5060.");

    private readonly Option<string?> _http = Setting(
        SettingKey.Http,
        "host:port",
        "Where the API and the page are served. Default 127.0.0.1:8080: put TLS in front before it leaves the machine.");

    private readonly Option<string?> _ports = Setting(
        SettingKey.RtpPorts, "low-high", "Ports for media, two for each stream. Default 20000-29999.");

    /// <summary>Adds the folder alone, for a verb that hears nothing.</summary>
    public void AddFolderTo(Command command) => command.Add(_data);

    /// <summary>Adds all options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_sip);
        command.Add(_http);
        command.Add(_ports);
    }

    /// <summary>What was given, by configuration key.</summary>
    public Dictionary<string, string?> Given(ParseResult result)
    {
        var given = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var option in new[] { _data, _sip, _http, _ports })
        {
            if (result.GetResult(option) is not null)
            {
                given[option.Name[2..]] = result.GetValue(option) ?? "";
            }
        }

        return given;
    }

    /// <summary>Settings of the file, the environment and the command line, checked.</summary>
    /// <exception cref="SettingsException">The first fault found.</exception>
    public RecorderSettings Read(ParseResult result) => SettingsReader.Read(SettingsReader.Load(
        SettingsFile,
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)),
        Given(result)));

    // An option without its value is for the reader to refuse: it knows what the value may be.
    private static Option<string?> Setting(SettingKey key, string helpName, string description) => new($"--{key.Name}")
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.ZeroOrOne,
    };
}
