namespace Talreg.Store.Tests;

/// <summary>A folder in memory where the machine has such, else on disk; gone after the test.</summary>
internal sealed class MemoryFolder : IDisposable
{
    private const string InMemory = "/dev/shm";

    internal string Path { get; } = Directory.Exists(InMemory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(InMemory, $"talreg-store-{Guid.NewGuid():n}")).FullName
        : Directory.CreateTempSubdirectory("talreg-store-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
