using System.Text.Json;

namespace Talreg.Api.Access;

/// <summary>A token as it is kept: never the token itself.</summary>
internal sealed record StoredToken(string Name, string Sha256, DateTimeOffset CreatedAt);

/// <summary>The file of token hashes: readable by its owner only, replaced as a whole.</summary>
internal static class TokenFile
{
    private const int MaxBytes = 64 * 1024;
    private const int FormatVersion = 1;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads it; null when there is none.</summary>
    /// <exception cref="AccessTokensException">It is not a token file, or others may read it.</exception>
    public static IReadOnlyList<StoredToken>? Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return null;
        }

        if (!OperatingSystem.IsWindows() && (file.UnixFileMode & ~OwnerOnly) != UnixFileMode.None)
        {
            throw new AccessTokensException(
                $"The token file '{path}' may be used by others than its owner. Run: chmod 600 '{path}'.");
        }

        if (file.Length > MaxBytes)
        {
            throw Malformed(path, $"it is longer than {MaxBytes} bytes", null);
        }

        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), JsonSerializerOptions.Web);
            if (content is not { Version: FormatVersion, Tokens.Count: > 0 })
            {
                throw Malformed(path, "it is not version 1 with at least one token", null);
            }

            return content.Tokens.All(IsWhole) ? content.Tokens : throw Malformed(path, "a token lacks its hash", null);
        }
        catch (JsonException fault)
        {
            throw Malformed(path, fault.Message, fault);
        }
    }

    /// <summary>Replaces it: a reader sees the old content or the new one, and a full disk leaves the old one.</summary>
    public static void Write(string path, IReadOnlyList<StoredToken> tokens)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(
            new Content(FormatVersion, tokens), JsonSerializerOptions.Web);
        var temporary = path + ".new";
        File.Delete(temporary);

        // Write-through, because flushing a FileStream hides the disk's errors on Linux.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.WriteThrough,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(content);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static bool IsWhole(StoredToken token) =>
        token is { Name.Length: > 0, Sha256.Length: 64 } && token.Sha256.All(char.IsAsciiHexDigit);

    private static AccessTokensException Malformed(string path, string reason, Exception? cause) =>
        new($"The token file '{path}' cannot be read: {reason}. Restore it, or remove it to get a new token.", cause);

    private sealed record Content(int Version, IReadOnlyList<StoredToken> Tokens);
}
