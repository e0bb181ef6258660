using System.Globalization;
using System.Net;
using System.Text.Json;
using Talreg.Contracts;
using Talreg.Store.Journal;

namespace Talreg.Silo.Options;

/// <summary>
/// Reads settings in rising order of weight from <c>talreg.json</c>, from <c>TALREG_</c> environment variables and from
/// the
/// command line. A key nobody knows, or a value it may not hold, refuses to start: a typing error in a recorder's
/// configuration must not become a default.
/// </summary>
internal static class SettingsReader
{
    private const string Prefix = "TALREG_";

    /// <summary>Environment names that are not configuration keys.</summary>
    private static readonly string[] Reserved = ["BOOTSTRAP_TOKEN", "PEERS", "TOKEN"];

    private static readonly string[] Known =
    [
        "data", "sip", "http", "rtp-ports", "tenant", "site", "gateway", "interface", "policy", "media-timeout",
        "segment-mib", "volumes", "reserve-segments", "space-alarm", "space-refuse", "lines", "prebuffer-mib",
        "sip-tls", "sip-tls-certificate", "sip-tls-key", "sip-tls-trust", "sip-clients", "codecs", "srtp-keys-in-clear",
    ];

    /// <summary>The configuration in force, without defaults.</summary>
    /// <param name="file">Path of <c>talreg.json</c>; need not exist.</param>
    /// <param name="commandLine">Values given on the command line, by key; null ones do not count.</param>
    public static IConfiguration Load(string file, IReadOnlyDictionary<string, string?> commandLine)
    {
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file), optional: true, reloadOnChange: false)
                .AddInMemoryCollection(Environment.GetEnvironmentVariables().Keys.Cast<string>()
                    .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
                    .Where(name => !Reserved.Contains(name[Prefix.Length..]))
                    .Select(name => KeyValuePair.Create(
                        name[Prefix.Length..].Replace('_', '-'), Environment.GetEnvironmentVariable(name))))
                .AddInMemoryCollection(commandLine.Where(pair => pair.Value is not null))
                .Build();
        }
        catch (InvalidDataException e)
        {
            throw new SettingsException(file, e.InnerException is JsonException json
                ? json.Message
                : e.Message, "a JSON object of settings");
        }
    }

    /// <summary>Checks every key and value.</summary>
    /// <exception cref="SettingsException">The first fault found.</exception>
    public static RecorderSettings Read(IConfiguration configuration)
    {
        foreach (var section in configuration.GetChildren())
        {
            if (!Known.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new SettingsException(section.Key, section.Value
                    ?? "", $"nothing: there is no such key. Keys are {string.Join(", ", Known)}");
            }
        }

        var (low, high) = Ports(configuration["rtp-ports"] ?? "20000-29999");
        var sip = EndPoints("sip", configuration["sip"] ?? "0.0.0.0:5060");
        var sipTls = SipSettings.Tls(configuration, value => EndPoints("sip-tls", value));
        return new RecorderSettings
        {
            Data = Path.GetFullPath(NotEmpty("data", configuration["data"] ?? "talreg-data")),
            Sip = sip[0],
            SipAlso = sip[1..],
            SipTls = sipTls,
            SipAccess = SipSettings.Access(configuration["sip-clients"], sipTls),
            Codecs = SipSettings.Codecs(configuration["codecs"]),
            SrtpKeysInClear = SipSettings.SrtpKeysInClear(configuration["srtp-keys-in-clear"]),
            Http = EndPoint("http", configuration["http"] ?? "127.0.0.1:8080"),
            RtpLow = low,
            RtpHigh = high,
            Tenant = Name(configuration, "tenant", Names.DefaultTenant, 32),
            Site = Name(configuration, "site", "site1", 16),
            Gateway = Name(configuration, "gateway", "gw1", 32),
            Interface = Name(configuration, "interface", "sip1", 32),
            Policy = Name(configuration, "policy", Names.DefaultPolicy, 32),
            MediaTimeout = TimeSpan.FromSeconds(Number(configuration, "media-timeout", 120, 5, 86_400, "seconds")),
            SegmentBytes = (long)Number(configuration, "segment-mib", 256, 4, 4_096, "MiB") << 20,
            PreBufferBytes = configuration["prebuffer-mib"] is null
                ? null
                : (long)Number(configuration, "prebuffer-mib", 0, 0, 65_536, "MiB") << 20,
            ReserveSegments = Number(configuration, "reserve-segments", 1, 0, 64, "segments"),
            SpaceAlarm = Number(configuration, "space-alarm", 80, 10, 99, "per cent"),
            SpaceRefuse = Number(configuration, "space-refuse", 95, 10, 100, "per cent"),
            Volumes = Volumes(configuration["volumes"]),
            Lines = Lines(configuration["lines"]),
        };
    }

    private static string NotEmpty(string key, string value) =>
        string.IsNullOrWhiteSpace(value) ? throw new SettingsException(key, value, "the path of a folder") : value;

    private static IPEndPoint EndPoint(string key, string value)
    {
        const string Allowed = "an address and a port such as 0.0.0.0:5060 or [::1]:5060; port 0 takes a free one";
        var colon = value.LastIndexOf(':');
        return colon > 0 && IPEndPoint.TryParse(value, out var endPoint)
            ? endPoint
            : throw new SettingsException(key, value, Allowed);
    }

    private static IPEndPoint[] EndPoints(string key, string value)
    {
        var parts = value.Split(',', StringSplitOptions.TrimEntries);
        return parts.Length <= 16
            ? [.. parts.Select(part => EndPoint(key, part))]
            : throw new SettingsException(key, value, "at most 16 addresses, separated by commas");
    }

    private static (int Low, int High) Ports(string value)
    {
        const string Allowed =
            "a range low-high within 1024-65535 that starts even, ends odd and holds at least 4 ports, such "
                + "as 20000-29999";
        var parts = value.Split('-');
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var low)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var high)
            || low < 1024 || high > 65535 || low % 2 != 0 || high % 2 != 1 || high - low < 3)
        {
            throw new SettingsException("rtp-ports", value, Allowed);
        }

        return (low, high);
    }

    private static string Name(IConfiguration configuration, string key, string fallback, int longest)
    {
        var value = configuration[key] ?? fallback;
        return Names.IsValid(value) && value.Length <= longest
            ? value
            : throw new SettingsException(
                key, value, $"1 to {longest} of a-z, 0-9 and hyphen, no hyphen first or last");
    }

    private static int Number(IConfiguration configuration, string key, int fallback, int low, int high, string unit)
    {
        var text = configuration[key];
        if (text is null)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= low && value <= high
            ? value
            : throw new SettingsException(key, text, $"{low} to {high} {unit}");
    }

    private static string[] Volumes(string? value)
    {
        var volumes = Array.ConvertAll(
            (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Path.GetFullPath);
        return volumes.Length <= JournalOptions.MaxVolumes && volumes.Distinct().Count() == volumes.Length
            ? volumes
            : throw new SettingsException(
                "volumes", value, $"up to {JournalOptions.MaxVolumes} different folders, separated by commas");
    }

    private static string[] Lines(string? value)
    {
        var lines = (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length <= 1_000 && Array.TrueForAll(lines, line => line.Length <= Names.MaxLineLength)
            ? lines
            : throw new SettingsException("lines", value, "up to 1000 number prefixes, separated by commas");
    }
}
