namespace Talreg.Store.Archive;

/// <summary>
/// A place outside the node where recordings go, such as a folder on another mount. What it holds is never changed; a put
/// either is whole and durable when it returns, or is as if it had not been. Any thread.
/// </summary>
public interface IArchive
{
    /// <summary>Names the archive in marks and messages; the same for the life of what it holds.</summary>
    string Name { get; }

    /// <summary>Puts a recording. One that is there already, whole, is given back and not put again.</summary>
    /// <param name="item">What it is.</param>
    /// <param name="content">Its bytes, from their start; read once. The caller's to dispose.</param>
    /// <param name="cancellationToken">Ends it; nothing is then there that could be taken for the recording.</param>
    /// <exception cref="ArchiveException">It cannot be put, or something else is there under its name.</exception>
    Task<ArchivedCopy> PutAsync(ArchiveItem item, Stream content, CancellationToken cancellationToken);

    /// <summary>Opens a copy: exactly what a put gave, whatever was put there since.</summary>
    /// <returns>Its bytes, from the archive and not from a cache of this process; the caller's to dispose.</returns>
    /// <exception cref="ArchiveException">It is not there, or cannot be read.</exception>
    Task<Stream> OpenAsync(ArchivedCopy copy, CancellationToken cancellationToken);
}

/// <summary>A recording that is to be put.</summary>
/// <param name="Key">Its name in the archive: <c>{tenant}/{yyyy}/{MM}/{dd}/{take}.trec</c>, from the take's id alone.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
public sealed record ArchiveItem(string Key, long Bytes, string Sha256);

/// <summary>A recording in an archive.</summary>
/// <param name="Archive">The archive's name.</param>
/// <param name="Key">The recording's name in it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
public sealed record ArchivedCopy(string Archive, string Key, long Bytes, string Sha256);

/// <summary>
/// An archive does not take or give a recording. The message is one line that names the archive, the key and the cause.
/// </summary>
public sealed class ArchiveException : IOException
{
    /// <summary>A failure without an underlying one.</summary>
    public ArchiveException(string message)
        : base(message)
    {
    }

    /// <summary>A failure that another one caused.</summary>
    public ArchiveException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>True when the archive holds what it must not: trying again gives the same.</summary>
    public bool IsDamaged { get; init; }
}
