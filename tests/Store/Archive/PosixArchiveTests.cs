using System.Runtime.Versioning;
using Talreg.Store.Archive;

namespace Talreg.Store.Tests.Archive;

/// <summary>A folder as archive.</summary>
[SupportedOSPlatform("linux")]
public sealed class PosixArchiveTests : ArchiveConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Open_of_a_folder_that_is_not_mounted_is_refused()
    {
        var refused = Assert.Throws<ArchiveException>(() => new PosixArchive(Path.Combine(_folder.Path, "absent")));
        Assert.Contains("no such folder", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_goes_on_from_what_a_process_left_that_died()
    {
        var (item, bytes) = Item(5000);
        var path = Path.Combine(_folder.Path, item.Key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path + ".part", bytes.AsMemory(0, 1000), Token);
        await PutAsync(Open(), item, bytes);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Token));
        Assert.False(File.Exists(path + ".part"));
    }

    [Theory]
    [InlineData("../outside.trec")]
    [InlineData("/etc/outside.trec")]
    [InlineData("a/../../outside.trec")]
    public async Task Put_outside_the_folder_is_refused(string key)
    {
        var (item, bytes) = Item(10);
        var refused = await Assert.ThrowsAsync<ArchiveException>(() =>
            PutAsync(Open(), item with { Key = key }, bytes));
        Assert.Contains("outside", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    protected override IArchive Open() => new PosixArchive(_folder.Path);
}
