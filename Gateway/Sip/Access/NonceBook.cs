using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Talreg.Sip.Access;

/// <summary>What became of a nonce that came back.</summary>
internal enum NonceUse
{
    Good,

    /// <summary>Ours, but too old, or so long ago that its count is forgotten.</summary>
    Stale,

    /// <summary>Ours, but its count was used before: a replay.</summary>
    Replayed,

    /// <summary>Not ours.</summary>
    Unknown,
}

/// <summary>
/// Gives out nonces that prove themselves (time, salt and a MAC under a key of this process) and follows the counts of
/// those in use. Used on the loop only.
/// </summary>
internal sealed class NonceBook(TimeProvider timeProvider, TimeSpan lifetime)
{
    /// <summary>The most nonces whose counts are followed; the oldest is then stale.</summary>
    public const int MaxFollowed = 4_096;

    private const int HeadBytes = 16;
    private const int NonceBytes = HeadBytes + 16;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly OrderedDictionary<string, uint> _counts = new(StringComparer.Ordinal);
    private long _forgottenUntil = long.MinValue;

    /// <summary>A nonce that nobody has had.</summary>
    public string Issue()
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        BinaryPrimitives.WriteInt64BigEndian(nonce, timeProvider.GetTimestamp());
        RandomNumberGenerator.Fill(nonce[8..HeadBytes]);
        Sign(nonce[..HeadBytes]).CopyTo(nonce[HeadBytes..]);
        return Convert.ToHexStringLower(nonce);
    }

    /// <summary>Takes a nonce that came back with a count; the digest over both has been checked.</summary>
    public NonceUse Use(string nonce, string count)
    {
        if (!TryRead(nonce, out var issued)
            || !uint.TryParse(count, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
        {
            return NonceUse.Unknown;
        }

        if (issued <= _forgottenUntil || timeProvider.GetElapsedTime(issued) > lifetime)
        {
            _counts.Remove(nonce);
            return NonceUse.Stale;
        }

        if (_counts.TryGetValue(nonce, out var last) && number <= last)
        {
            return NonceUse.Replayed;
        }

        _counts[nonce] = number;
        if (_counts.Count > MaxFollowed)
        {
            Forget();
        }

        return NonceUse.Good;
    }

    private void Forget()
    {
        var (oldest, _) = _counts.GetAt(0);
        _counts.RemoveAt(0);
        _ = TryRead(oldest, out var issued);
        _forgottenUntil = Math.Max(_forgottenUntil, issued);
    }

    private bool TryRead(string nonce, out long issued)
    {
        issued = 0;
        Span<byte> bytes = stackalloc byte[NonceBytes];
        if (nonce.Length != NonceBytes * 2
            || Convert.FromHexString(nonce, bytes, out _, out _) != System.Buffers.OperationStatus.Done
            || !CryptographicOperations.FixedTimeEquals(Sign(bytes[..HeadBytes]), bytes[HeadBytes..]))
        {
            return false;
        }

        issued = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return true;
    }

    private ReadOnlySpan<byte> Sign(ReadOnlySpan<byte> head) => HMACSHA256.HashData(_key, head).AsSpan(0, 16);
}
