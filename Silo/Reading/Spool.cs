using Talreg.Contracts;

namespace Talreg.Silo.Reading;

/// <summary>
/// Copies of recordings while they are read: ciphertext as it lies at its gateway, never anything decrypted. What a
/// process left that died is removed when the next one starts. Any thread.
/// </summary>
internal sealed class Spool
{
    /// <summary>The most copies at once.</summary>
    public const int MaxCopies = 64;

    private readonly string _folder;
    private int _copies;

    /// <summary>Uses a folder that is this process's own, and empties it.</summary>
    public Spool(string folder)
    {
        _folder = folder;
        foreach (var left in Directory.EnumerateFiles(Directory.CreateDirectory(folder).FullName))
        {
            File.Delete(left);
        }
    }

    /// <summary>A new copy, empty; disposing it removes the file.</summary>
    /// <exception cref="RefusalException">There are too many.</exception>
    public Copy Begin()
    {
        if (Interlocked.Increment(ref _copies) > MaxCopies)
        {
            Interlocked.Decrement(ref _copies);
            throw new RefusalException(
                RefusalKind.Unavailable, $"This silo reads {MaxCopies} recordings at once already; ask again later.");
        }

        return new Copy(this, System.IO.Path.Combine(_folder, $"{Guid.NewGuid():N}.trec"));
    }

    /// <summary>One copy.</summary>
    internal sealed class Copy(Spool spool, string path) : IDisposable
    {
        private bool _disposed;

        /// <summary>Where it lies.</summary>
        public string Path { get; } = path;

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;
                File.Delete(Path);
                Interlocked.Decrement(ref spool._copies);
            }
        }
    }
}
