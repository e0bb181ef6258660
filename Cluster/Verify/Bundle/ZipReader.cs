using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Talreg.Verify;

/// <summary>Finds the members of a ZIP. Whether it is the canonical one is for <see cref="ZipRebuild"/> to say.</summary>
internal static class ZipReader
{
    public const int LocalLength = 30;
    public const int CentralLength = 46;
    public const int EndLength = 22;
    public const uint LocalMagic = 0x04034b50;
    public const uint CentralMagic = 0x02014b50;
    public const uint EndMagic = 0x06054b50;

    public static bool TryRead(
        ByteSource zip, [NotNullWhen(true)] out List<BundleMember>? members, [NotNullWhen(false)] out string? reason)
    {
        // Two independent ways, so that one damaged header still lets the rest be named.
        members = FromDirectory(zip) ?? FromLocalHeaders(zip);
        reason = members is null ? "neither the central directory nor the local headers lead through the file" : null;
        if (members?.Count > Limits.MaxMembers)
        {
            reason = $"over {Limits.MaxMembers} members";
            members = null;
        }

        return members is not null;
    }

    private static List<BundleMember>? FromDirectory(ByteSource zip)
    {
        if (zip.Length < EndLength)
        {
            return null;
        }

        var end = zip.Read(zip.Length - EndLength, EndLength).Span;
        var count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        var at = (long)BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndMagic || count > Limits.MaxMembers)
        {
            return null;
        }

        var (members, next, directory) = (new List<BundleMember>(), 0L, at);
        for (var i = 0; i < count; i++)
        {
            if (at > zip.Length - EndLength - CentralLength)
            {
                return null;
            }

            var header = zip.Read(at, CentralLength).Span;
            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != CentralMagic
                || nameLength > Limits.MaxNameLength
                || at + CentralLength + nameLength > zip.Length
                || BinaryPrimitives.ReadUInt32LittleEndian(header[42..]) != next)
            {
                return null;
            }

            var name = zip.Read(at + CentralLength, nameLength);
            if (!TryAdd(zip, members, name, ref next, BinaryPrimitives.ReadUInt32LittleEndian(header[24..])))
            {
                return null;
            }

            at += CentralLength + nameLength;
        }

        return next == directory ? members : null;
    }

    private static List<BundleMember>? FromLocalHeaders(ByteSource zip)
    {
        var (members, next) = (new List<BundleMember>(), 0L);
        while (members.Count <= Limits.MaxMembers && next <= zip.Length - LocalLength)
        {
            var header = zip.Read(next, LocalLength).Span;
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalMagic)
            {
                break;
            }

            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
            if (nameLength > Limits.MaxNameLength || next + LocalLength + nameLength > zip.Length)
            {
                return null;
            }

            var name = zip.Read(next + LocalLength, nameLength);
            if (!TryAdd(zip, members, name, ref next, BinaryPrimitives.ReadUInt32LittleEndian(header[22..])))
            {
                return null;
            }
        }

        return members.Count > 0 ? members : null;
    }

    private static bool TryAdd(
        ByteSource zip, List<BundleMember> members, ReadOnlyMemory<byte> name, ref long next, long size)
    {
        var data = next + LocalLength + name.Length;
        if (data + size > zip.Length)
        {
            return false;
        }

        members.Add(new BundleMember(Encoding.Latin1.GetString(name.Span), data, zip.Slice(data, size)));
        next = data + size;
        return true;
    }
}
