namespace Talreg.Store.IO;

/// <summary>Files of a few bytes that are replaced whole.</summary>
public static class SmallFile
{
    /// <summary>Makes or replaces a file; on return it is on stable storage, and a crash leaves the old one or the new one.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        Folders.Create(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + ".tmp";
        using (var file = NativeFile.CreateEmpty(temporary))
        {
            file.Write(bytes, 0);
            file.Sync();
        }

        Folders.Rename(temporary, path);
    }
}
