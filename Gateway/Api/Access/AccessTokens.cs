using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Talreg.Api.Access;

/// <summary>The tokens that open the API. Only their SHA-256 is kept, in a file.</summary>
/// <remarks>Immutable once opened, so any thread may ask.</remarks>
internal sealed class AccessTokens
{
    public const string Prefix = "tlr_";
    public const string Administrator = "administrator";

    /// <summary>The caller who reads the log's published files and nothing else.</summary>
    public const string Auditor = "auditor";

    public const int MinLength = 20;
    public const int MaxLength = 256;

    private readonly (string Name, byte[] Hash)[] _tokens;

    private AccessTokens(IEnumerable<StoredToken> tokens, string? auditor) =>
        _tokens =
        [
            .. tokens.Select(static token => (token.Name, Convert.FromHexString(token.Sha256))),
            .. auditor is null ? [] : new[] { (Auditor, Hash(auditor)) },
        ];

    /// <summary>Opens the file; makes the administrator's token at the first start.</summary>
    /// <exception cref="AccessTokensException">The bootstrap token or the file cannot be used.</exception>
    public static AccessTokens Open(TalregApiOptions options, TimeProvider time)
    {
        var bootstrap = options.BootstrapToken;
        if (bootstrap is not null && Fault(bootstrap) is { } fault)
        {
            throw new AccessTokensException($"TALREG_BOOTSTRAP_TOKEN {fault}.");
        }

        // One token for both would make every auditor an administrator.
        var auditor = options.AuditorToken;
        if (auditor is not null && (auditor == bootstrap ? "is the administrator's" : Fault(auditor)) is { } wrong)
        {
            throw new AccessTokensException($"TALREG_AUDITOR_TOKEN {wrong}.");
        }

        var stored = TokenFile.Read(options.TokenFile);
        if (stored is not null && (bootstrap is null || IsAdministrator(stored, bootstrap)))
        {
            return new AccessTokens(stored, auditor);
        }

        var secret = bootstrap ?? NewSecret();
        var administrator = new StoredToken(Administrator, Convert.ToHexStringLower(Hash(secret)), time.GetUtcNow());
        StoredToken[] tokens = [administrator, .. (stored ?? []).Where(static token => token.Name != Administrator)];
        TokenFile.Write(options.TokenFile, tokens);
        if (bootstrap is null)
        {
            // After the write: a token that was shown and then not kept would lock its owner out.
            options.AnnounceToken?.Invoke(secret);
        }

        return new AccessTokens(tokens, auditor);
    }

    /// <summary>Whose token it is. Takes as long for a wrong one as for a right one.</summary>
    public bool TryFind(string presented, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (presented.Length is 0 or > MaxLength)
        {
            return false;
        }

        var hash = Hash(presented);
        foreach (var token in _tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, token.Hash))
            {
                name = token.Name;
            }
        }

        return name is not null;
    }

    private static bool IsAdministrator(IReadOnlyList<StoredToken> stored, string bootstrap) =>
        stored.Any(token => token.Name == Administrator
            && CryptographicOperations.FixedTimeEquals(Convert.FromHexString(token.Sha256), Hash(bootstrap)));

    private static string? Fault(string token) =>
        token.Length is < MinLength or > MaxLength
            ? $"held {token.Length} characters; it may hold {MinLength} to {MaxLength}"
            : token.All(static c => c is > ' ' and <= '~') ? null : "may hold printable ASCII without spaces only";

    private static string NewSecret() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
