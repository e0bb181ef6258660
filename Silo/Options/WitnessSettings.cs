using Talreg.Evidence.Witness;
using Talreg.Grains.Ledger;

namespace Talreg.Silo.Options;

/// <summary>Who may read the ledger's published files, and who cosigns its checkpoints. Checked.</summary>
internal sealed record WitnessSettings
{
    private const int MaxFileBytes = 16 * 1024;

    /// <summary>True serves tiles and checkpoint to anyone; false to those with a token.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Who is asked to cosign.</summary>
    public IReadOnlyList<WitnessAddress> Witnesses { get; init; } = [];

    /// <summary>Cosignatures wanted; 0 without witnesses.</summary>
    public int Quorum { get; init; }

    /// <summary>Where checkpoints are time-stamped; null for nowhere.</summary>
    public Uri? TimestampAuthority { get; init; }

    /// <summary>PEM file of the roots the authority's certificate leads to; null without an authority.</summary>
    public string? TimestampTrust { get; init; }

    /// <summary>Reads and checks them.</summary>
    /// <param name="configuration">Whose keys are known and hold something.</param>
    /// <param name="isPublic">What <c>ledger-public</c> says.</param>
    /// <param name="quorum">Reads <c>witness-quorum</c>.</param>
    /// <exception cref="SettingsException">The first fault found.</exception>
    public static WitnessSettings Read(IConfiguration configuration, bool isPublic, Func<SettingKey, int> quorum)
    {
        var (url, roots) = (configuration[SettingKey.TimestampAuthority.Name],
            configuration[SettingKey.TimestampTrust.Name]);
        Uri? authority = null;
        if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out authority)
            || authority.Scheme is not ("http" or "https")))
        {
            throw new SettingsException(
                SettingKey.TimestampAuthority.Name, url, SettingKey.TimestampAuthority.Allowed);
        }

        // Roots without an authority, or the other way round, would look like timestamps and be none.
        return ReadWitnesses(configuration, isPublic, quorum) with
        {
            TimestampAuthority = authority,
            TimestampTrust = authority is null && roots is null
                ? null
                : authority is null
                    ? throw new SettingsException(
                        SettingKey.TimestampAuthority.Name, held: null, SettingKey.TimestampAuthority.Allowed)
                    : SettingsReader.ExistingFile(SettingKey.TimestampTrust, roots),
        };
    }

    private static WitnessSettings ReadWitnesses(
        IConfiguration configuration, bool isPublic, Func<SettingKey, int> quorum)
    {
        var file = configuration[SettingKey.Witnesses.Name];
        var held = configuration[SettingKey.WitnessQuorum.Name];
        if (file is null)
        {
            return held is null
                ? new WitnessSettings { IsPublic = isPublic }
                : throw new SettingsException(
                    SettingKey.WitnessQuorum.Name, held, "nothing while witnesses is not given");
        }

        // Without a number all are wanted: whoever names witnesses and forgets the number gets the stricter rule.
        var witnesses = ReadFile(SettingsReader.ExistingFile(SettingKey.Witnesses, file));
        var wanted = held is null ? witnesses.Count : quorum(SettingKey.WitnessQuorum);
        return wanted <= witnesses.Count
            ? new WitnessSettings { IsPublic = isPublic, Witnesses = witnesses, Quorum = wanted }
            : throw new SettingsException(SettingKey.WitnessQuorum.Name, held, SettingKey.WitnessQuorum.Allowed);
    }

    private static List<WitnessAddress> ReadFile(string path)
    {
        var witnesses = new List<WitnessAddress>();
        if (new FileInfo(path).Length > MaxFileBytes)
        {
            throw Refuse(path, $"it is longer than {MaxFileBytes} bytes");
        }

        foreach (var line in File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2 || !WitnessKey.TryParse(parts[0], out var key, out var reason))
            {
                throw Refuse(path, $"line {witnesses.Count + 1} is no key and URL");
            }

            if (!Uri.TryCreate(parts[1], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                throw Refuse(path, $"line {witnesses.Count + 1} has no URL of http or https {reason}".Trim());
            }

            witnesses.Add(new WitnessAddress(key, url));
        }

        // One witness twice would make a quorum of itself.
        return witnesses.Count is > 0 and <= LedgerOptions.MaxWitnesses
            && witnesses.DistinctBy(one => one.Key.ToString()).Count() == witnesses.Count
            && witnesses.DistinctBy(one => one.Key.Name).Count() == witnesses.Count
                ? witnesses
                : throw Refuse(path, "it names none, too many, or one twice");
    }

    private static SettingsException Refuse(string path, string why) =>
        new(SettingKey.Witnesses.Name, $"{path}: {why}", SettingKey.Witnesses.Allowed);
}
