using System.Net;
using Talreg.Evidence.Ledger;
using Talreg.Silo.Options;

namespace Talreg.Silo.Witness;

/// <summary>A log that is followed.</summary>
/// <param name="Key">Its key, had from its operator in person.</param>
/// <param name="Prefix">Where it is read (C2SP tlog-tiles).</param>
/// <param name="Token">The token it wants; null for a public log.</param>
internal sealed record FollowedLog(VerifierKey Key, Uri Prefix, string? Token);

/// <summary>What a witness needs to know. Checked.</summary>
internal sealed record WitnessOptions
{
    /// <summary>The most logs that one witness follows.</summary>
    public const int MaxLogs = 256;

    /// <summary>The most other witnesses it compares itself with.</summary>
    public const int MaxPeers = 16;

    private const int MaxFileBytes = 256 * 1024;
    private const int MaxTokenBytes = 1024;

    /// <summary>The witness's name, in every cosignature.</summary>
    public required string Name { get; init; }

    /// <summary>The folder of what it has seen, and of its key.</summary>
    public required string Data { get; init; }

    /// <summary>Where logs ask it for cosignatures.</summary>
    public required IPEndPoint Http { get; init; }

    /// <summary>Between rounds.</summary>
    public required TimeSpan Every { get; init; }

    /// <summary>Whom it follows.</summary>
    public required IReadOnlyList<FollowedLog> Logs { get; init; }

    /// <summary>Other witnesses, whose checkpoints it holds against its own.</summary>
    public IReadOnlyList<Uri> Peers { get; init; } = [];

    /// <summary>Reads the file of logs: per line a verifier key, the URL prefix and, where the log wants one, the path of a file with
    /// a token. Lines that begin with # are left out.</summary>
    /// <exception cref="SettingsException">The first fault found.</exception>
    public static IReadOnlyList<FollowedLog> ReadLogs(string path)
    {
        const string Allowed = "lines of: name+keyid+key https://host/ledger/tenant [path of a file with a token]";
        if (!File.Exists(path) || new FileInfo(path).Length > MaxFileBytes)
        {
            throw new SettingsException(
                "logs", path, $"the path of a file of at most {MaxFileBytes} bytes with {Allowed}");
        }

        var logs = new List<FollowedLog>();
        foreach (var line in File.ReadLines(path).Select(line => line.Trim()).Where(line => line is [not '#', ..]))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length is not (2 or 3) || !VerifierKey.TryParse(parts[0], out var key, out _)
                || !IsUrl(parts[1], out var prefix) || logs.Exists(log => log.Key.Name == key.Name))
            {
                throw new SettingsException("logs", line, Allowed + ", each log once");
            }

            logs.Add(new FollowedLog(key, prefix, parts.Length == 3 ? ReadToken(parts[2]) : null));
        }

        return logs.Count is > 0 and <= MaxLogs
            ? logs
            : throw new SettingsException("logs", path, $"1 to {MaxLogs} {Allowed}");
    }

    /// <summary>True for a URL that can be read over HTTP.</summary>
    public static bool IsUrl(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!) && url.Scheme is "http" or "https";

    private static string ReadToken(string path) =>
        File.Exists(path) && new FileInfo(path).Length is > 0 and <= MaxTokenBytes
            ? File.ReadAllText(path).Trim()
            : throw new SettingsException("logs", path, "the path of a file with a token");
}
