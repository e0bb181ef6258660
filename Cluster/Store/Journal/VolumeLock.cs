namespace Talreg.Store.Journal;

/// <summary>
/// A volume belongs to one process: two would each take the other's takes for left behind. The kernel drops the lock when
/// the process dies, however it dies. The file stays.
/// </summary>
internal sealed class VolumeLock : IDisposable
{
    /// <summary>The file's name in the folder of the segments.</summary>
    internal const string FileName = "lock";

    // flock's EWOULDBLOCK, which .NET hands on as the result code of its exception.
    private const int HeldByAnother = 11;

    private readonly FileStream _file;

    private VolumeLock(FileStream file) => _file = file;

    /// <summary>Takes the volume for this process.</summary>
    /// <param name="directory">The volume.</param>
    /// <param name="folder">The folder of its segments, which is there.</param>
    /// <exception cref="VolumeInUseException">Another process has it.</exception>
    /// <exception cref="StoreException">The volume cannot be used.</exception>
    internal static VolumeLock Take(string directory, string folder)
    {
        try
        {
            // .NET takes an advisory flock.
            return new VolumeLock(new FileStream(
                Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult == HeldByAnother)
        {
            throw new VolumeInUseException(
                $"Another recorder uses the volume '{directory}'. Stop it, or give this one volumes of its own.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{directory}: cannot be locked: {e.Message}", e);
        }
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>A volume belongs to another process. No fault of the volume's: going on without it would hide a wrong
/// setting.</summary>
/// <param name="message">One line for an operator.</param>
internal sealed class VolumeInUseException(string message) : IOException(message);
