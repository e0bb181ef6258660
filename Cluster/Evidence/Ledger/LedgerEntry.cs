using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Evidence.Ledger;

/// <summary>What an entry is about (FORMAT.md §6).</summary>
public enum LedgerEntryType
{
    /// <summary>A take became a recording.</summary>
    Seal = 1,

    /// <summary>Something that should have been recorded is missing.</summary>
    Gap = 2,

    /// <summary>Somebody listened or took a copy.</summary>
    Listen = 3,

    /// <summary>A policy was drafted or activated.</summary>
    Policy = 4,

    /// <summary>A call was decided and leaves no take.</summary>
    Decision = 5,

    /// <summary>A gateway began on an interface under a new epoch.</summary>
    Start = 6,

    /// <summary>The log is kept: one a minute, so that a time without entries is a time without a recorder.</summary>
    Heartbeat = 7,

    /// <summary>Somebody tried wrong tokens until their address was blocked.</summary>
    LoginFailures = 8,

    /// <summary>Somebody took a copy of a search's result.</summary>
    SearchExport = 9,

    /// <summary>A key was taken into use.</summary>
    Key = 10,
}

/// <summary>
/// An entry of the log (FORMAT.md §6), 58 bytes:
/// <c>u8 version 1 ‖ u8 type ‖ u64 sequence ‖ i64 Unix ms ‖ u64 0 ‖ commitment[32]</c>.
/// </summary>
/// <param name="Type">What it is about.</param>
/// <param name="Sequence">Its index in the log.</param>
/// <param name="UnixMilliseconds">When the event happened.</param>
/// <param name="Commitment">32 bytes: hides the body until the opening is shown.</param>
public sealed record LedgerEntry(
    LedgerEntryType Type, long Sequence, long UnixMilliseconds, ReadOnlyMemory<byte> Commitment)
{
    /// <summary>Bytes in an entry.</summary>
    public const int Length = 58;

    private const byte Version = 1;

    /// <summary>Writes the 58 bytes.</summary>
    public byte[] Encode()
    {
        if (Commitment.Length != MerkleTree.HashLength || Sequence < 0)
        {
            throw new InvalidOperationException("An entry has a commitment of 32 bytes and no negative sequence.");
        }

        var bytes = new byte[Length];
        bytes[0] = Version;
        bytes[1] = (byte)Type;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2), Sequence);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(10), UnixMilliseconds);
        Commitment.Span.CopyTo(bytes.AsSpan(26));
        return bytes;
    }

    /// <summary>Reads an entry.</summary>
    /// <param name="bytes">Exactly the entry; copied.</param>
    /// <param name="entry">The entry, or null.</param>
    /// <param name="reason">What is wrong, or empty.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out LedgerEntry? entry, out string reason)
    {
        entry = null;
        reason = Refuse(bytes);
        if (reason.Length > 0)
        {
            return false;
        }

        entry = new LedgerEntry(
            (LedgerEntryType)bytes[1],
            BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[10..]),
            bytes[26..].ToArray());
        return true;
    }

    private static string Refuse(ReadOnlySpan<byte> bytes) => bytes switch
    {
        { Length: not Length } => "an entry is 58 bytes",
        _ when bytes[0] != Version => "unknown version",
        _ when bytes[1] is < (byte)LedgerEntryType.Seal or > (byte)LedgerEntryType.Key => "unknown type",
        _ when BinaryPrimitives.ReadInt64BigEndian(bytes[2..]) < 0 => "sequence out of range",
        _ when BinaryPrimitives.ReadUInt64BigEndian(bytes[18..]) != 0 => "reserved bytes are not zero",
        _ => string.Empty,
    };
}

/// <summary>What opens an entry's commitment. Kept beside the log, never in a tile.</summary>
/// <param name="Salt">32 random bytes.</param>
/// <param name="Body">Canonical JSON, 1 byte to 60 KiB.</param>
public sealed record LedgerOpening(ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> Body)
{
    /// <summary>Bytes in a salt.</summary>
    public const int SaltLength = 32;

    /// <summary>The longest body, in bytes.</summary>
    public const int MaxBodyLength = 60 * 1024;

    /// <summary>An opening under a fresh random salt.</summary>
    public static LedgerOpening Create(ReadOnlyMemory<byte> body) =>
        new(RandomNumberGenerator.GetBytes(SaltLength), body);

    /// <summary><c>SHA-256("talreg/1/leaf" ‖ salt ‖ body)</c>.</summary>
    public byte[] Commitment()
    {
        if (Salt.Length != SaltLength || Body.Length is 0 or > MaxBodyLength)
        {
            throw new InvalidOperationException("An opening has a salt of 32 bytes and a body of 1 byte to 60 KiB.");
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("talreg/1/leaf"u8);
        hash.AppendData(Salt.Span);
        hash.AppendData(Body.Span);
        return hash.GetHashAndReset();
    }
}
