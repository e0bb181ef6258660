using System.Security.Cryptography;

namespace Talreg.Evidence.Keys;

/// <summary>
/// What opens one take and nothing else: its metadata key and the keys of its streams, as an evidence bundle discloses
/// them. The take key, from which they come, is not among them. Read from any thread until it is disposed, which
/// overwrites them.
/// </summary>
public sealed class OpeningKeys : IDisposable
{
    /// <summary>The most streams.</summary>
    public const int MaxStreams = 1024;

    /// <summary>The most bytes of <see cref="Span"/>.</summary>
    public const int MaxLength = KeyTree.KeySize * (1 + MaxStreams);

    // Pinned, so that the collector leaves no copies behind when it compacts.
    private readonly byte[] _bytes;

    private OpeningKeys(int length) => _bytes = GC.AllocateUninitializedArray<byte>(length, pinned: true);

    /// <summary>How many streams there are keys of.</summary>
    public int Streams => (_bytes.Length / KeyTree.KeySize) - 1;

    /// <summary>The key of the take's metadata.</summary>
    public ReadOnlySpan<byte> Metadata => _bytes.AsSpan(0, KeyTree.KeySize);

    /// <summary>All of them, the metadata key first, then by stream: 32 bytes each.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>Derives them.</summary>
    /// <param name="takeKey">The 32 byte take key.</param>
    /// <param name="streams">How many streams the take has; 0 to <see cref="MaxStreams"/>.</param>
    public static OpeningKeys Derive(ReadOnlySpan<byte> takeKey, int streams)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(streams);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(streams, MaxStreams);
        var keys = new OpeningKeys(KeyTree.KeySize * (1 + streams));
        KeyTree.MetadataKey(takeKey, keys._bytes);
        for (var i = 0; i < streams; i++)
        {
            KeyTree.StreamKey(takeKey, (ushort)i, keys._bytes.AsSpan(KeyTree.KeySize * (1 + i)));
        }

        return keys;
    }

    /// <summary>Reads what <see cref="Span"/> gave.</summary>
    /// <returns>Null when the bytes are of no such length.</returns>
    public static OpeningKeys? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < KeyTree.KeySize or > MaxLength || bytes.Length % KeyTree.KeySize != 0)
        {
            return null;
        }

        var keys = new OpeningKeys(bytes.Length);
        bytes.CopyTo(keys._bytes);
        return keys;
    }

    /// <summary>The key of a stream; empty when there is none.</summary>
    public ReadOnlySpan<byte> Stream(int index) =>
        (uint)index < (uint)Streams ? _bytes.AsSpan(KeyTree.KeySize * (1 + index), KeyTree.KeySize) : default;

    /// <summary>Overwrites the keys.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
