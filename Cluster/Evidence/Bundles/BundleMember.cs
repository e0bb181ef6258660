namespace Talreg.Evidence.Bundles;

/// <summary>A file of a bundle. Its content is read twice, to hash and to write, and must be the same both times.</summary>
public sealed class BundleMember
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 200;

    private readonly Func<Stream> _open;

    /// <summary>A member read from a stream.</summary>
    /// <param name="name">Printable ASCII with <c>/</c> between parts; no part is empty, <c>.</c> or <c>..</c>.</param>
    /// <param name="length">Bytes that each stream gives, below 4 GiB.</param>
    /// <param name="open">Opens the content anew, at its start; the writer disposes the stream.</param>
    /// <exception cref="ArgumentException">The name is not of that form.</exception>
    public BundleMember(string name, long length, Func<Stream> open)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(open);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(length, uint.MaxValue);
        if (!IsName(name))
        {
            throw new ArgumentException("A member's name is relative ASCII without empty or dot parts.", nameof(name));
        }

        Name = name;
        Length = length;
        _open = open;
    }

    /// <summary>The name in the archive.</summary>
    public string Name { get; }

    /// <summary>Bytes of content.</summary>
    public long Length { get; }

    /// <summary>A member held in memory; the bytes must not change until the bundle is written.</summary>
    public static BundleMember FromBytes(string name, byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new BundleMember(name, content.Length, () => new MemoryStream(content, writable: false));
    }

    /// <summary>A member read from a file, which must not change until the bundle is written.</summary>
    public static BundleMember FromFile(string name, string path) =>
        new(name, new FileInfo(path).Length, () => File.OpenRead(path));

    internal Stream Open() => _open();

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && name.All(c => c is > ' ' and < (char)0x7F and not '\\' and not ':')
        && name.Split('/').All(part => part is not ("" or "." or ".."));
}
