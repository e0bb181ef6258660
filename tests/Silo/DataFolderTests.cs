using Talreg.Silo.Hosting;

namespace Talreg.Silo.Tests;

/// <summary>One recorder per folder, and only in a folder that can be written.</summary>
public sealed class DataFolderTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Take_missing_folder_is_made_for_its_owner_alone()
    {
        var path = Path.Combine(_folder.Path, "a", "b");

        using var taken = DataFolder.Take(path);

        Assert.Equal(path, taken.Path);
        Assert.Equal(OwnerOnly, new DirectoryInfo(path).UnixFileMode);
    }

    [Fact]
    public void Take_folder_that_is_there_keeps_its_mode()
    {
        var path = Path.Combine(_folder.Path, "shared");
        var mode = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        Directory.CreateDirectory(path, mode);
        using var taken = DataFolder.Take(path);

        Assert.Equal(mode, new DirectoryInfo(path).UnixFileMode);
    }

    [Fact]
    public void Take_second_recorder_is_refused_until_the_first_lets_go()
    {
        var first = DataFolder.Take(_folder.Path);
        var refused = Assert.Throws<StartRefusedException>(() => DataFolder.Take(_folder.Path));
        first.Dispose();

        using var second = DataFolder.Take(_folder.Path);

        Assert.StartsWith($"Another recorder uses '{_folder.Path}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_path_below_a_file_cannot_be_made()
    {
        var file = _folder.File("file", "");

        var refused = Assert.Throws<StartRefusedException>(() => DataFolder.Take(Path.Combine(file, "data")));

        Assert.StartsWith(
            $"data holds '{file}/data', which cannot be made: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_folder_whose_lock_is_no_file_is_not_taken_for_another_recorder()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "lock"));

        var refused = Assert.Throws<StartRefusedException>(() => DataFolder.Take(_folder.Path));

        Assert.StartsWith($"data holds '{_folder.Path}'", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
