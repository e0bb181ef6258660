namespace Talreg.Store.Tests.Vectors;

/// <summary>The folder of the frozen samples, found from the test program's own place.</summary>
internal static class VectorFolder
{
    internal static string V1 { get; } = Find();

    internal static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(V1, name));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Talreg.slnx")))
            {
                return Path.Combine(folder.FullName, "tests", "vectors", "v1");
            }
        }

        throw new InvalidOperationException($"Talreg.slnx is not above {AppContext.BaseDirectory}");
    }
}
