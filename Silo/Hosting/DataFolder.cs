namespace Talreg.Silo.Hosting;

/// <summary>A recorder's folder: made when missing, proved writable, and locked against a second recorder.</summary>
internal sealed class DataFolder : IDisposable
{
    // flock's EWOULDBLOCK, which .NET hands on as the result code of its exception.
    private const int HeldByAnother = 11;

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    /// <summary>The folder, absolute.</summary>
    public string Path { get; }

    /// <summary>Takes the folder for this process.</summary>
    /// <exception cref="StartRefusedException">It cannot be written, or another recorder has it.</exception>
    public static DataFolder Take(string path)
    {
        try
        {
            Make(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"data holds '{path}', which cannot be made: {e.Message}");
        }

        var file = System.IO.Path.Combine(path, "lock");
        try
        {
            // .NET takes an advisory flock; the kernel drops it when the process dies, however it dies.
            return new DataFolder(
                path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartRefusedException(
                $"data holds '{path}', which this user cannot write ({e.Message}) Give it to this user or choose "
                    + "another folder.");
        }
        catch (IOException e) when (e.HResult == HeldByAnother)
        {
            throw new StartRefusedException(
                $"Another recorder uses '{path}' ({e.Message}) Stop it, or give this one a folder of its own with --data.");
        }
        catch (IOException e)
        {
            throw new StartRefusedException($"data holds '{path}', which cannot be written: {e.Message}");
        }
    }

    /// <summary>A folder within it, made when missing.</summary>
    public string Sub(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    /// <inheritdoc />
    public void Dispose() => _lock.Dispose();

    // A folder that is there keeps its mode: its owner chose it.
    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}

/// <summary>The recorder cannot start; the message is the one line that says why and what to do.</summary>
/// <param name="message">The line.</param>
internal sealed class StartRefusedException(string message) : Exception(message);
