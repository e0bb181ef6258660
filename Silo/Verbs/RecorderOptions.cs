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

    private readonly Option<string?> _siloAddress = Setting(
        SettingKey.Silo, "host:port", "Where other silos reach this one. Default 127.0.0.1:11111.");

    private readonly Option<string?> _siloClients = Setting(
        SettingKey.SiloClients, "host:port", "Where gateways reach this silo. Default 127.0.0.1:30000.");

    private readonly Option<string?> _ledger = Setting(
        SettingKey.Ledger, "folder", "Folder of the ledger, one that every silo of the cluster sees.");

    private readonly Option<string?> _clusterKey = Setting(
        SettingKey.ClusterKey, "file", "File of the cluster's key, 32 random bytes, the same for every silo.");

    private readonly Option<string?> _reading = Setting(
        SettingKey.Reading, "host:port", "Where silos read what this gateway recorded. Default 127.0.0.1:8090.");

    private readonly Option<string?> _gateway = Setting(
        SettingKey.Gateway, "name", "The name of this node's gateway. Default gw1.");

    private readonly Option<string?> _interface = Setting(
        SettingKey.Interface, "name", "The name of the gateway's SIP interface. Default sip1.");

    private readonly Option<string?> _heartbeat = Setting(
        SettingKey.Heartbeat,
        "host:port",
        "Where this gateway hears the others on its interface, which take over from each other. Without it nobody stands "
            + "by.");

    /// <summary>Adds the folder alone, for a verb that hears nothing.</summary>
    public void AddFolderTo(Command command) => command.Add(_data);

    /// <summary>Adds all options to a command.</summary>
    public void AddTo(Command command) => Add(command, _data, _sip, _http, _ports);

    /// <summary>Adds what a silo takes.</summary>
    public void AddSiloTo(Command command) =>
        Add(command, _data, _http, _siloAddress, _siloClients, _ledger, _clusterKey);

    /// <summary>Adds what a gateway takes.</summary>
    public void AddGatewayTo(Command command) =>
        Add(command, _data, _sip, _http, _ports, _reading, _gateway, _interface, _heartbeat);

    /// <summary>What was given, by configuration key.</summary>
    public static Dictionary<string, string?> Given(ParseResult result)
    {
        var given = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var option in result.CommandResult.Command.Options.OfType<Option<string?>>())
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
    public static RecorderSettings Read(ParseResult result) => SettingsReader.Read(SettingsReader.Load(
        SettingsFile,
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)),
        Given(result)));

    private static void Add(Command command, params ReadOnlySpan<Option<string?>> options)
    {
        foreach (var option in options)
        {
            command.Add(option);
        }
    }

    // An option without its value is for the reader to refuse: it knows what the value may be.
    private static Option<string?> Setting(SettingKey key, string helpName, string description) => new($"--{key.Name}")
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.ZeroOrOne,
    };
}
