using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;

namespace Talreg.Silo.Options;

/// <summary>Reads what SIP needs: TLS, and the file of clients that may record.</summary>
internal static class SipSettings
{
    private const int MaxClients = 1_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>TLS of the interface; null when no address for it is given.</summary>
    /// <exception cref="SettingsException">Part of it is missing, or a file is not there.</exception>
    public static SipTlsOptions? Tls(IConfiguration configuration, Func<string, IPEndPoint[]> endPoints)
    {
        SettingKey[] files = [SettingKey.SipTlsCertificate, SettingKey.SipTlsKey, SettingKey.SipTlsTrust];
        if (configuration[SettingKey.SipTls.Name] is not { } listeners)
        {
            // A certificate without an address would look like protection and be none.
            return Array.Find(files, key => configuration[key.Name] is not null) is { } key
                ? throw new SettingsException(
                    "sip-tls", null, $"the addresses for SIP over TLS, because {key.Name} is given")
                : null;
        }

        return new SipTlsOptions
        {
            Listeners = endPoints(listeners),
            CertificatePath = SettingsReader.ExistingFile(files[0], configuration[files[0].Name]),
            KeyPath = SettingsReader.ExistingFile(files[1], configuration[files[1].Name]),
            TrustPath = configuration[files[2].Name] is { } trust ? SettingsReader.ExistingFile(files[2], trust) : null,
        };
    }

    /// <summary>The clients of a file; without a file everyone may record.</summary>
    /// <exception cref="SettingsException">The file cannot be used.</exception>
    public static SipAccess Access(string? path, SipTlsOptions? tls)
    {
        if (path is null)
        {
            return new SipAccess();
        }

        try
        {
            var document = JsonSerializer.Deserialize<ClientsDocument>(File.ReadAllBytes(path), Json);
            var peers = (document?.Clients ?? []).Select(ToPeer).ToList();
            if (tls?.TrustPath is null && peers.Find(peer => peer.CertificateNames.Count > 0) is { } unverified)
            {
                throw new SettingsException(
                    "sip-tls-trust", null,
                    $"the roots that the certificate of client {unverified.Name} must lead to, because it lists names");
            }

            return peers.Count is > 0 and <= MaxClients && peers.DistinctBy(peer => peer.Name).Count() == peers.Count
                ? new SipAccess { Realm = document!.Realm, Peers = peers }
                : throw new SettingsException(
                    "sip-clients", path,
                    $"1 to {MaxClients} clients with different names: {SettingKey.SipClients.Allowed}");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or FormatException)
        {
            throw new SettingsException("sip-clients", path, $"{SettingKey.SipClients.Allowed} ({e.Message})");
        }
    }

    /// <summary>Encodings in the order preferred.</summary>
    /// <exception cref="SettingsException">It is no list of names.</exception>
    public static IReadOnlyList<string> Codecs(string? value)
    {
        var codecs = (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return codecs.Length <= 32 && Array.TrueForAll(codecs, codec =>
            codec.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_'))
            ? codecs
            : throw new SettingsException(SettingKey.Codecs.Name, value, SettingKey.Codecs.Allowed);
    }

    private static SipPeer ToPeer(ClientDocument client)
    {
        var isKnownBySomething =
            client.Networks.Count > 0 || client.Certificates.Count > 0 || client.Digest is not null;
        var isSound = client.Name.Length is > 0 and <= 64 && isKnownBySomething && HasSoundDigest(client);
        return isSound
            ? new SipPeer
            {
                Name = client.Name,
                Networks = [.. client.Networks.Select(network => IPNetwork.Parse(network))],
                CertificateNames = client.Certificates,
                Digest = client.Digest is { } given
                    ? new DigestCredential(
                        given.User, given.Sha256.ToLowerInvariant(), given.Md5?.ToLowerInvariant())
                    : null,
            }
            : throw new FormatException(
                $"client '{client.Name}' needs a name and at least one of networks, certificates and digest; "
                + "hashes are 64 (sha256) and 32 (md5) hexadecimal digits");
    }

    private static bool HasSoundDigest(ClientDocument client) => client.Digest is not { } digest
        || (IsHex(digest.Sha256, 64) && (digest.Md5 is null || IsHex(digest.Md5, 32)));

    private static bool IsHex(string text, int length) => text.Length == length && text.All(char.IsAsciiHexDigit);

    private sealed record ClientsDocument(List<ClientDocument>? Clients)
    {
        public string Realm { get; init; } = "talreg";
    }

    private sealed record ClientDocument(string Name)
    {
        public List<string> Networks { get; init; } = [];

        public List<string> Certificates { get; init; } = [];

        public DigestDocument? Digest { get; init; }
    }

    private sealed record DigestDocument(string User, string Sha256)
    {
        public string? Md5 { get; init; }
    }
}
