using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Talreg.Contracts;
using Talreg.Grains.Policies;
using Talreg.Hardware.Udp;
using Talreg.Store.Journal;

namespace Talreg.Silo.Options;

/// <summary>
/// Reads settings in rising order of weight from <c>talreg.json</c>, from <c>TALREG_</c> environment variables and from
/// the command line. A key nobody knows, or a value it may not hold, refuses to start: a typing error in a recorder's
/// configuration must not become a default.
/// </summary>
internal static class SettingsReader
{
    private const string Prefix = "TALREG_";
    private const int MaxLines = 1_000;
    private const int MaxEndPoints = 16;

    /// <summary>Environment variables that are not configuration keys.</summary>
    private static readonly string[] Reserved =
        ["TALREG_BOOTSTRAP_TOKEN", "TALREG_AUDITOR_TOKEN", "TALREG_PEERS", "TALREG_TOKEN"];

    /// <summary>The configuration in force, without defaults.</summary>
    /// <param name="file">Path of <c>talreg.json</c>; need not exist.</param>
    /// <param name="environment">The process's environment variables.</param>
    /// <param name="commandLine">Values given on the command line, by key; null ones do not count.</param>
    /// <exception cref="SettingsException">The file is no JSON object.</exception>
    public static IConfiguration Load(
        string file,
        IEnumerable<KeyValuePair<string, string?>> environment,
        IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file), optional: true, reloadOnChange: false)
                .AddInMemoryCollection(environment
                    .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                    .Where(variable => !Reserved.Contains(variable.Key))
                    .Select(variable => KeyValuePair.Create(KeyOf(variable.Key), variable.Value)))
                .AddInMemoryCollection(commandLine.Where(pair => pair.Value is not null))
                .Build();
        }
        catch (Exception e) when (e is InvalidDataException or UnauthorizedAccessException)
        {
            throw new SettingsException(
                file, (e.GetBaseException().Message ?? "").ReplaceLineEndings(" "), "a JSON object of settings");
        }
    }

    /// <summary>Checks every key and value.</summary>
    /// <exception cref="SettingsException">The first fault found.</exception>
    public static RecorderSettings Read(IConfiguration configuration)
    {
        foreach (var section in configuration.GetChildren())
        {
            var key = SettingKey.Find(section.Key) ?? throw new SettingsException(
                section.Key,
                section.Value,
                $"nothing: there is no such key. Keys are {string.Join(", ", SettingKey.All.Select(known => known.Name))}");
            if (section.GetChildren().Any())
            {
                throw new SettingsException(key.Name, "{...}", $"one value: {key.Allowed}");
            }

            if (string.IsNullOrWhiteSpace(section.Value))
            {
                throw new SettingsException(key.Name, held: null, key.Allowed);
            }
        }

        var (low, high) = Ports(configuration[SettingKey.RtpPorts.Name] ?? "20000-29999");
        var sip = EndPoints(SettingKey.Sip, configuration[SettingKey.Sip.Name] ?? "0.0.0.0:5060");
        var sipTls = SipSettings.Tls(configuration, value => EndPoints(SettingKey.SipTls, value));
        var data = Path.GetFullPath(configuration[SettingKey.Data.Name] ?? "talreg-data");
        return new RecorderSettings
        {
            Data = data,
            Sip = sip[0],
            SipAlso = sip[1..],
            SipTls = sipTls,
            SipAccess = SipSettings.Access(configuration[SettingKey.SipClients.Name], sipTls),
            Codecs = SipSettings.Codecs(configuration[SettingKey.Codecs.Name]),
            SrtpKeysInClear = YesNo(configuration, SettingKey.SrtpKeysInClear, fallback: false),
            Http = EndPoint(SettingKey.Http, configuration[SettingKey.Http.Name] ?? "127.0.0.1:8080"),
            RtpLow = low,
            RtpHigh = high,
            Receive = Method(configuration[SettingKey.Receive.Name] ?? "auto"),
            ReceiveShards = configuration[SettingKey.ReceiveShards.Name] is null
                ? null
                : Number(configuration, SettingKey.ReceiveShards, 1),
            RtcpReports = YesNo(configuration, SettingKey.RtcpReports, fallback: true),
            Tenant = Name(configuration, SettingKey.Tenant, Names.DefaultTenant),
            Site = Name(configuration, SettingKey.Site, "site1"),
            Gateway = Name(configuration, SettingKey.Gateway, "gw1"),
            Interface = Name(configuration, SettingKey.Interface, "sip1"),
            Policy = Name(configuration, SettingKey.Policy, Names.DefaultPolicy),
            PolicyApproval = Approval(configuration[SettingKey.PolicyApproval.Name] ?? "two-after-first"),
            MediaTimeout = TimeSpan.FromSeconds(Number(configuration, SettingKey.MediaTimeout, 120)),
            SegmentBytes = (long)Number(configuration, SettingKey.SegmentMib, 256) << 20,
            PreBufferBytes = configuration[SettingKey.PreBufferMib.Name] is null
                ? null
                : (long)Number(configuration, SettingKey.PreBufferMib, 0) << 20,
            ReserveSegments = Number(configuration, SettingKey.ReserveSegments, 1),
            StallBytes = (long)Number(configuration, SettingKey.StallMib, 256) << 20,
            SpaceAlarm = Number(configuration, SettingKey.SpaceAlarm, 80),
            SpaceRefuse = Number(configuration, SettingKey.SpaceRefuse, 95),
            Volumes = Volumes(configuration[SettingKey.Volumes.Name]),
            ScrubBytesPerSecond = (long)Number(configuration, SettingKey.ScrubMibPerSecond, 16) << 20,
            ScrubEvery = TimeSpan.FromDays(Number(configuration, SettingKey.ScrubDays, 30)),
            Archive = Archive(configuration[SettingKey.Archive.Name], data),
            Lines = Lines(configuration[SettingKey.Lines.Name]),
            Ledger = WitnessSettings.Read(
                configuration,
                isPublic: YesNo(configuration, SettingKey.LedgerPublic, fallback: false),
                quorum: key => Number(configuration, key, 1)),
            Cluster = ClusterSettingsReader.Read(configuration, (key, value) => EndPoint(key, value)),
        };
    }

    /// <summary>The full path of a file that must be there.</summary>
    /// <exception cref="SettingsException">It is not, or none is given.</exception>
    public static string ExistingFile(SettingKey key, string? path) =>
        path is not null && File.Exists(path)
            ? Path.GetFullPath(path)
            : throw new SettingsException(key.Name, path, key.Allowed);

    // A shell cannot name a variable with a hyphen. One in another case than ours stays what it is, a key nobody knows:
    // two that differ in case only would otherwise hide each other.
    private static string KeyOf(string variable) =>
        variable.Any(char.IsAsciiLetterLower)
            ? variable
            : variable[Prefix.Length..].Replace('_', '-').ToLowerInvariant();

    // Stricter than IPEndPoint.TryParse, which takes "5060" for the address 0.0.19.196 and "::5060" for one without a port.
    private static IPEndPoint EndPoint(SettingKey key, string value, string? held = null)
    {
        var colon = value.LastIndexOf(':');
        var host = value[..Math.Max(colon, 0)];
        return ushort.TryParse(value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && IPAddress.TryParse(host, out var address)
            && (host is ['[', .., ']'] || host == address.ToString())
            && (host[0] == '[') == (address.AddressFamily == AddressFamily.InterNetworkV6)
            ? new IPEndPoint(address, port)
            : throw new SettingsException(key.Name, held ?? value, key.Allowed);
    }

    private static IPEndPoint[] EndPoints(SettingKey key, string value)
    {
        var parts = value.Split(',', StringSplitOptions.TrimEntries);
        return parts.Length <= MaxEndPoints
            ? [.. parts.Select(part => EndPoint(key, part, value))]
            : throw new SettingsException(key.Name, value, key.Allowed);
    }

    private static ReceiveMethod Method(string value) => value switch
    {
        "auto" => ReceiveMethod.Auto,
        "scan" => ReceiveMethod.Scan,
        "gathered" => ReceiveMethod.Gathered,
        _ => throw new SettingsException(SettingKey.Receive.Name, value, SettingKey.Receive.Allowed),
    };

    private static PolicyApproval Approval(string value) => value switch
    {
        "two-after-first" => PolicyApproval.TwoAfterFirst,
        "two" => PolicyApproval.Two,
        "one" => PolicyApproval.One,
        _ => throw new SettingsException(
            SettingKey.PolicyApproval.Name, value, SettingKey.PolicyApproval.Allowed),
    };

    private static bool YesNo(IConfiguration configuration, SettingKey key, bool fallback) =>
        configuration[key.Name] switch
        {
            null => fallback,
            "yes" => true,
            "no" => false,
            var held => throw new SettingsException(key.Name, held, key.Allowed),
        };

    private static (int Low, int High) Ports(string value)
    {
        var parts = value.Split('-');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var low)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var high)
            && low >= 1024 && high <= 65535 && low % 2 == 0 && high % 2 == 1 && high - low >= 3
            ? (low, high)
            : throw new SettingsException(SettingKey.RtpPorts.Name, value, SettingKey.RtpPorts.Allowed);
    }

    private static string Name(IConfiguration configuration, SettingKey key, string fallback)
    {
        var value = configuration[key.Name] ?? fallback;
        return Names.IsValid(value) && value.Length <= key.Bounds.High
            ? value
            : throw new SettingsException(key.Name, value, key.Allowed);
    }

    private static int Number(IConfiguration configuration, SettingKey key, int fallback)
    {
        var text = configuration[key.Name];
        if (text is null)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= key.Bounds.Low && value <= key.Bounds.High
            ? value
            : throw new SettingsException(key.Name, text, key.Allowed);
    }

    private static string[] Volumes(string? value)
    {
        var volumes = Array.ConvertAll(
            (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Path.GetFullPath);
        return volumes.Length <= JournalOptions.MaxVolumes && volumes.Distinct().Count() == volumes.Length
            ? volumes
            : throw new SettingsException(SettingKey.Volumes.Name, value, SettingKey.Volumes.Allowed);
    }

    // A folder that is missing is one that is not mounted; made here, it would lie on the disk below.
    private static string? Archive(string? value, string data)
    {
        if (value is null)
        {
            return null;
        }

        var path = Path.GetFullPath(value);
        return Directory.Exists(path) && !(path + '/').StartsWith(data + '/', StringComparison.Ordinal)
            ? path
            : throw new SettingsException(SettingKey.Archive.Name, value, SettingKey.Archive.Allowed);
    }

    private static string[] Lines(string? value)
    {
        var lines = (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length <= MaxLines && Array.TrueForAll(lines, line => line.Length <= Names.MaxLineLength)
            ? lines
            : throw new SettingsException(SettingKey.Lines.Name, value, SettingKey.Lines.Allowed);
    }
}
