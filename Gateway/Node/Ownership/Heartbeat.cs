using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>
/// One heartbeat, a datagram of at most <see cref="MaxBytes"/>. Integers are big-endian.
/// <code>
///  0      4      5      6        14         22      30              46    47         47+n     47+n+32
///  | TRHB | 0x01 | role | epoch  | number   | echo  | incarnation   | n   | gateway  | HMAC   |
/// </code>
/// The last 32 bytes are HMAC-SHA256 over all before them.
/// </summary>
/// <param name="Gateway">Who sends it.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="Role">What it does.</param>
/// <param name="Epoch">The epoch that it knows to be in force.</param>
/// <param name="Number">Rises with each heartbeat of an incarnation, from a random start.</param>
/// <param name="Echo">The number of the last heartbeat that it heard from whom it sends this to; 0 for none.</param>
internal readonly record struct Heartbeat(
    string Gateway, Guid Incarnation, GatewayRole Role, long Epoch, long Number, long Echo)
{
    /// <summary>The longest heartbeat, in bytes.</summary>
    public const int MaxBytes = FixedBytes + Names.MaxLength + MacBytes;

    /// <summary>Length of the key, in bytes.</summary>
    public const int KeyBytes = 32;

    private const int FixedBytes = 47;
    private const int MacBytes = HMACSHA256.HashSizeInBytes;
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "TRHB"u8;

    /// <summary>Writes it.</summary>
    /// <param name="key">The members' key.</param>
    /// <param name="buffer">At least <see cref="MaxBytes"/>.</param>
    /// <returns>The bytes written.</returns>
    public int Write(ReadOnlySpan<byte> key, Span<byte> buffer)
    {
        Magic.CopyTo(buffer);
        buffer[4] = Version;
        buffer[5] = (byte)Role;
        BinaryPrimitives.WriteInt64BigEndian(buffer[6..], Epoch);
        BinaryPrimitives.WriteInt64BigEndian(buffer[14..], Number);
        BinaryPrimitives.WriteInt64BigEndian(buffer[22..], Echo);
        _ = Incarnation.TryWriteBytes(buffer.Slice(30, 16), bigEndian: true, out _);
        var name = Encoding.ASCII.GetBytes(Gateway, buffer.Slice(FixedBytes, Names.MaxLength));
        buffer[46] = (byte)name;
        var length = FixedBytes + name;
        HMACSHA256.HashData(key, buffer[..length], buffer.Slice(length, MacBytes));
        return length + MacBytes;
    }

    /// <summary>Reads one that has the key's authentication; anything else is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> key, ReadOnlySpan<byte> datagram, out Heartbeat heartbeat)
    {
        heartbeat = default;
        if (datagram.Length is < FixedBytes + 1 + MacBytes or > MaxBytes
            || !datagram[..4].SequenceEqual(Magic) || datagram[4] != Version
            || datagram[46] != datagram.Length - FixedBytes - MacBytes)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[MacBytes];
        HMACSHA256.HashData(key, datagram[..^MacBytes], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, datagram[^MacBytes..]))
        {
            return false;
        }

        heartbeat = new Heartbeat(
            Encoding.ASCII.GetString(datagram[FixedBytes..^MacBytes]),
            new Guid(datagram.Slice(30, 16), bigEndian: true),
            (GatewayRole)datagram[5],
            BinaryPrimitives.ReadInt64BigEndian(datagram[6..]),
            BinaryPrimitives.ReadInt64BigEndian(datagram[14..]),
            BinaryPrimitives.ReadInt64BigEndian(datagram[22..]));
        return Names.IsValid(heartbeat.Gateway) && Enum.IsDefined(heartbeat.Role);
    }
}
