namespace Talreg.Store.IO;

/// <summary>Folders, and names in them, on stable storage.</summary>
internal static class Folders
{
    /// <summary>Makes a folder and its parents where missing, each known to its parent after a crash.</summary>
    internal static void Create(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            return;
        }

        var parent = Path.GetDirectoryName(full);
        if (parent is not null)
        {
            Create(parent);
        }

        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{full}: cannot be made: {e.Message}", e);
        }

        if (parent is not null)
        {
            Sync(parent);
        }
    }

    /// <summary>Puts a folder's names on stable storage.</summary>
    internal static void Sync(string path)
    {
        using var folder = Libc.Open(path, Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (folder.IsInvalid || Libc.Sync(folder) != 0)
        {
            throw Libc.Error(path);
        }
    }

    /// <summary>Gives a file its final name and makes that durable.</summary>
    internal static void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
        {
            throw Libc.Error(to);
        }

        Sync(Path.GetDirectoryName(to)!);
    }

    /// <summary>Removes a file; one that is gone already is no failure.</summary>
    internal static void Delete(string path)
    {
        if (Libc.Unlink(path) != 0 && File.Exists(path))
        {
            throw Libc.Error(path);
        }

        Sync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Removes a file where the device still allows it; the name may come back after a crash.</summary>
    internal static bool TryDelete(string path) => Libc.Unlink(path) == 0;
}
