namespace Talreg.Sip.Tests.Abuse;

/// <summary>The files below tests/vectors/sip: a file more is a case more.</summary>
internal static class Vectors
{
    private const string Index = "expected.txt";

    public static TheoryData<string> Names(string folder) =>
        new(Directory.EnumerateFiles(Folder(folder)).Select(file => Path.GetFileName(file)!)
            .Where(name => name != Index).Order(StringComparer.Ordinal));

    public static byte[] Read(string folder, string name) => File.ReadAllBytes(Path.Combine(Folder(folder), name));

    /// <summary>What the index says of a file; null for one that only has to do no harm.</summary>
    public static string? Expected(string folder, string name)
    {
        var stem = Path.GetFileNameWithoutExtension(name) + ' ';
        return File.ReadLines(Path.Combine(Folder(folder), Index))
            .FirstOrDefault(line => line.StartsWith(stem, StringComparison.Ordinal))?[stem.Length..].Trim();
    }

    private static string Folder(string folder)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Talreg.slnx")))
        {
            root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("the repository");
        }

        return Path.Combine(root, "tests", "vectors", "sip", folder);
    }
}
