using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Talreg.Evidence.Bundles;

/// <summary>Writes evidence bundles in their one canonical form (FORMAT.md §8): the same content gives the same bytes.</summary>
public static class BundleWriter
{
    /// <summary>The most members, the manifest included.</summary>
    public const int MaxMembers = 4096;

    private const int BufferLength = 128 * 1024;

    /// <summary>Hashes the members, has their manifest signed, and writes the archive.</summary>
    /// <param name="destination">Where to; only written forwards, left open.</param>
    /// <param name="callId">The call's id as the API writes it.</param>
    /// <param name="members">Everything but the manifest, in any order; names must differ.</param>
    /// <param name="sign">Turns the manifest's text into a signed note of the log.</param>
    /// <param name="cancellationToken">Gives up; the destination is then no bundle.</param>
    /// <exception cref="InvalidDataException">A member changed between hashing and writing, or has another length.</exception>
    public static async Task WriteAsync(
        Stream destination,
        string callId,
        IReadOnlyCollection<BundleMember> members,
        Func<string, Task<string>> sign,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(sign);
        Check(members);
        var hashed = new List<HashedMember>(members.Count + 1);
        foreach (var member in members)
        {
            hashed.Add(await HashAsync(member, cancellationToken).ConfigureAwait(false));
        }

        var text = Manifest.ToText(callId, hashed.Select(one => one.ToManifest()));
        var note = await sign(text).ConfigureAwait(false);
        if (!note.StartsWith(text, StringComparison.Ordinal))
        {
            throw new InvalidDataException("The signed manifest is not the one that was given to sign.");
        }

        var manifest = BundleMember.FromBytes(Manifest.MemberName, Encoding.UTF8.GetBytes(note));
        hashed.Add(await HashAsync(manifest, cancellationToken).ConfigureAwait(false));
        hashed.Sort((a, b) => string.CompareOrdinal(a.Member.Name, b.Member.Name));
        await WriteArchiveAsync(destination, hashed, cancellationToken).ConfigureAwait(false);
    }

    private static void Check(IReadOnlyCollection<BundleMember> members)
    {
        if (members.Count is 0 or >= MaxMembers)
        {
            throw new ArgumentException("A bundle has 1 to 4095 members and its manifest.", nameof(members));
        }

        var names = new HashSet<string>(StringComparer.Ordinal) { Manifest.MemberName };
        var total = 0L;
        foreach (var member in members)
        {
            total += member.Length + ZipRecords.Overhead(member.Name);
            if (!names.Add(member.Name))
            {
                throw new ArgumentException($"Two members are named {member.Name}.", nameof(members));
            }
        }

        // The manifest is bounded by its line per member; without ZIP64 every offset fits 32 bits.
        if (total > uint.MaxValue - (MaxMembers * 512L))
        {
            throw new ArgumentException("The members do not fit an archive of 4 GiB.", nameof(members));
        }
    }

    private static async Task<HashedMember> HashAsync(BundleMember member, CancellationToken cancellationToken)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var crc = await CopyAsync(member, Stream.Null, sha, cancellationToken).ConfigureAwait(false);
        return new HashedMember(member, crc, sha.GetHashAndReset());
    }

    private static async Task WriteArchiveAsync(
        Stream destination, List<HashedMember> members, CancellationToken cancellationToken)
    {
        var offset = 0L;
        var directory = new MemoryStream();
        foreach (var (member, crc, hash) in members)
        {
            var local = ZipRecords.Local(member.Name, crc, (uint)member.Length);
            directory.Write(ZipRecords.Central(member.Name, crc, (uint)member.Length, (uint)offset));
            await destination.WriteAsync(local, cancellationToken).ConfigureAwait(false);
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await CopyAsync(member, destination, sha, cancellationToken).ConfigureAwait(false);
            if (!sha.GetHashAndReset().AsSpan().SequenceEqual(hash))
            {
                throw new InvalidDataException($"{member.Name} changed while the bundle was made.");
            }

            offset += local.Length + member.Length;
        }

        var end = ZipRecords.End((ushort)members.Count, (uint)directory.Length, (uint)offset);
        directory.Write(end);
        await destination.WriteAsync(directory.ToArray(), cancellationToken).ConfigureAwait(false);
        await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<uint> CopyAsync(
        BundleMember member, Stream destination, IncrementalHash sha, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        var crc = Crc32.Start();
        var left = member.Length;
        var source = member.Open();
        await using var disposing = source.ConfigureAwait(false);
        try
        {
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                left -= read;
                if (left < 0)
                {
                    break;
                }

                crc.Append(buffer.AsSpan(0, read));
                sha.AppendData(buffer, 0, read);
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }

        return left == 0
            ? crc.Value
            : throw new InvalidDataException($"{member.Name} does not have the length it was announced with.");
    }

    private sealed record HashedMember(BundleMember Member, uint Crc, byte[] Sha256)
    {
        internal ManifestEntry ToManifest() => new(Member.Name, Member.Length, Sha256);
    }
}
