namespace Talreg.Structure.Tests;

/// <summary>The repository on disk, found by walking up to its solution.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Files with a pattern that belong to the tree: nothing built, nothing hidden.</summary>
    public static IEnumerable<string> Files(string pattern)
    {
        var pending = new Stack<string>([Root]);
        while (pending.TryPop(out var folder))
        {
            foreach (var file in Directory.EnumerateFiles(folder, pattern))
            {
                yield return file;
            }

            foreach (var below in Directory.EnumerateDirectories(folder))
            {
                var name = Path.GetFileName(below);
                if (name is not ("artifacts" or "bin" or "obj" or "data") && name[0] != '.')
                {
                    pending.Push(below);
                }
            }
        }
    }

    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Talreg.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("No Talreg.slnx above the test program.");
    }
}
