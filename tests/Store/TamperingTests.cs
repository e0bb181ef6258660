using Talreg.Store.Recordings;
using Talreg.Store.Tests.Vectors;

namespace Talreg.Store.Tests;

/// <summary>No change to a recording passes: neither opening nor checking it may miss one.</summary>
public sealed class TamperingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _bytes = VectorFolder.Read("recording.trec");

    private string RecordingPath => Path.Combine(_folder.Path, "take.trec");

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    public void Verify_withAnyByteFlipped_noticesIt(byte bits)
    {
        File.WriteAllBytes(RecordingPath, _bytes);
        Assert.Null(Fault());
        using var file = File.OpenHandle(RecordingPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        for (var at = 0; at < _bytes.Length; at++)
        {
            RandomAccess.Write(file, [(byte)(_bytes[at] ^ bits)], at);
            Assert.True(Fault() is { Length: > 0 }, $"byte {at} was changed and nobody noticed");
            RandomAccess.Write(file, [_bytes[at]], at);
        }

        Assert.Null(Fault());
    }

    [Fact]
    public void Open_cutAtAnyLength_noticesIt()
    {
        for (var length = 0; length < _bytes.Length; length++)
        {
            File.WriteAllBytes(RecordingPath, _bytes[..length]);
            Assert.True(Fault() is { Length: > 0 }, $"cut at {length} and nobody noticed");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    [InlineData(674)]
    public void Verify_withAByteMore_noticesIt(int at)
    {
        File.WriteAllBytes(RecordingPath, [.. _bytes[..at], 0, .. _bytes[at..]]);
        Assert.NotNull(Fault());
    }

    public void Dispose() => _folder.Dispose();

    private string? Fault()
    {
        try
        {
            using var reader = RecordingReader.Open(RecordingPath);
            return reader.Verify(TestContext.Current.CancellationToken);
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }
}
