using System.Net;
using Npgsql;
using Talreg.Contracts;
using Talreg.Hardware.Link;

namespace Talreg.Silo.Options;

/// <summary>Reads what a cluster needs: database, addresses, ledger, certificates.</summary>
internal static class ClusterSettingsReader
{
    /// <summary>The keys that are read here.</summary>
    public static readonly IReadOnlyList<SettingKey> Keys =
    [
        SettingKey.Database, SettingKey.Cluster, SettingKey.Silo, SettingKey.SiloClients, SettingKey.Ledger,
        SettingKey.ClusterKey, SettingKey.Reading, SettingKey.Heartbeat, SettingKey.FloatingAddress,
        SettingKey.ClusterTlsCertificate, SettingKey.ClusterTlsKey, SettingKey.ClusterTlsTrust,
    ];

    /// <summary>Reads and checks them.</summary>
    /// <param name="configuration">Whose keys are known and hold something.</param>
    /// <param name="endPoint">Reads an address with a port.</param>
    /// <exception cref="SettingsException">The first fault found.</exception>
    public static ClusterSettings Read(IConfiguration configuration, Func<SettingKey, string, IPEndPoint> endPoint)
    {
        var defaults = new ClusterSettings();
        var tls = Tls(configuration);
        var silo = Address(SettingKey.Silo, defaults.Silo);
        var clients = Address(SettingKey.SiloClients, defaults.SiloClients);
        if (!silo.Address.Equals(clients.Address))
        {
            throw new SettingsException(
                SettingKey.SiloClients.Name,
                clients.ToString(),
                $"a port of the address that silo has, {silo.Address}");
        }

        return new ClusterSettings
        {
            Given = Keys.FirstOrDefault(key => configuration[key.Name] is not null)?.Name,
            Database = Database(configuration[SettingKey.Database.Name]),
            Id = Name(configuration[SettingKey.Cluster.Name] ?? defaults.Id),
            Silo = silo,
            SiloClients = clients,
            Ledger = FullPath(SettingKey.Ledger),
            Key = configuration[SettingKey.ClusterKey.Name] is { } file
                ? SettingsReader.ExistingFile(SettingKey.ClusterKey, file)
                : null,
            Reading = Address(SettingKey.Reading, defaults.Reading),
            Heartbeat = configuration[SettingKey.Heartbeat.Name] is null
                ? null
                : Address(SettingKey.Heartbeat, new IPEndPoint(IPAddress.Loopback, 0)),
            FloatingAddress = Floating(configuration),
            Tls = tls,
        };

        string? FullPath(SettingKey key) => configuration[key.Name] is { } path ? Path.GetFullPath(path) : null;

        IPEndPoint Address(SettingKey key, IPEndPoint fallback)
        {
            if (configuration[key.Name] is not { } value)
            {
                return fallback;
            }

            // Others are told this address, so it must be one. Off the machine nothing is said in clear.
            var address = endPoint(key, value);
            return address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any)
                || (tls is null && !IPAddress.IsLoopback(address.Address))
                ? throw new SettingsException(key.Name, value, key.Allowed)
                : address;
        }
    }

    private static LinkAddress? Floating(IConfiguration configuration) =>
        configuration[SettingKey.FloatingAddress.Name] is not { } value ? null
        : configuration[SettingKey.Heartbeat.Name] is not null && LinkAddress.TryParse(value, out var address) ? address
        : throw new SettingsException(SettingKey.FloatingAddress.Name, value, SettingKey.FloatingAddress.Allowed);

    private static ClusterTlsSettings? Tls(IConfiguration configuration)
    {
        SettingKey[] files = [SettingKey.ClusterTlsCertificate, SettingKey.ClusterTlsKey, SettingKey.ClusterTlsTrust];
        if (files.All(key => configuration[key.Name] is null))
        {
            return null;
        }

        // One of the three alone would look like protection and be none.
        var paths = Array.ConvertAll(files, key => SettingsReader.ExistingFile(key, configuration[key.Name]));
        return new ClusterTlsSettings(paths[0], paths[1], paths[2]);
    }

    private static string Name(string value) => Names.IsValid(value) && value.Length <= SettingKey.Cluster.Bounds.High
        ? value
        : throw new SettingsException(SettingKey.Cluster.Name, value, SettingKey.Cluster.Allowed);

    // What it held is not shown: it may hold a password.
    private static string? Database(string? value)
    {
        if (value is null)
        {
            return null;
        }

        try
        {
            var parsed = new NpgsqlConnectionStringBuilder(value);
            return !string.IsNullOrEmpty(parsed.Host) && !string.IsNullOrEmpty(parsed.Database)
                && (parsed.SslMode is SslMode.VerifyCA or SslMode.VerifyFull || parsed.Host.Split(',').All(IsHere))
                ? value
                : throw Refuse();
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw Refuse();
        }

        static SettingsException Refuse() =>
            new(SettingKey.Database.Name, "(not shown)", SettingKey.Database.Allowed);
    }

    private static bool IsHere(string host) =>
        host.StartsWith('/') || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
