using System.Runtime.Versioning;
using Talreg.Evidence.Keys;

namespace Talreg.Evidence.Tests.Keys;

[SupportedOSPlatform("linux")]
public sealed class RootKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-root-").FullName;

    private string KeyPath => Path.Combine(_folder, "root.key");

    [Fact]
    public void Create_thenLoad_givesTheSameKeyFromAFileOnlyItsOwnerReads()
    {
        using var created = RootKey.Create(KeyPath);
        using var loaded = RootKey.Load(KeyPath);
        Assert.Equal(created.Span, loaded.Span);
        Assert.True(created.Span.ContainsAnyExcept((byte)0));
        Assert.Equal(KeyTree.KeySize, new FileInfo(KeyPath).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
    }

    [Fact]
    public void Create_twice_givesTwoKeys()
    {
        using var one = RootKey.Create(KeyPath);
        using var other = RootKey.Create(KeyPath + "2");
        Assert.False(one.Span.SequenceEqual(other.Span));
    }

    [Fact]
    public void Create_overAKey_isRefusedAndLeavesIt()
    {
        using var key = RootKey.Create(KeyPath);
        var error = Assert.Throws<IOException>(() => RootKey.Create(KeyPath));
        Assert.StartsWith(KeyPath, error.Message, StringComparison.Ordinal);
        Assert.Equal(key.Span, File.ReadAllBytes(KeyPath));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Load_ofAFileOfAnotherLength_isRefused(int length)
    {
        File.WriteAllBytes(KeyPath, new byte[length]);
        var error = Assert.Throws<InvalidDataException>(() => RootKey.Load(KeyPath));
        Assert.Contains(KeyPath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_overwritesTheKey()
    {
        var key = RootKey.Create(KeyPath);
        key.Dispose();
        Assert.False(key.Span.ContainsAnyExcept((byte)0));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
