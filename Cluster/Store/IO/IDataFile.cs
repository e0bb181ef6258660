namespace Talreg.Store.IO;

/// <summary>One open file of the store, of an <see cref="IDisk"/>. Failures are <see cref="StoreException"/>s.</summary>
internal interface IDataFile : IDisposable
{
    /// <summary>Where it lies.</summary>
    string Path { get; }

    /// <summary>Its length, in bytes.</summary>
    long Length { get; }

    /// <summary>Writes all bytes at an offset.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Reads until the buffer is full or the file ends; gives the bytes read.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Has the kernel begin to write the file out. Only <see cref="Sync"/> says whether it did.</summary>
    void BeginWriteOut();

    /// <summary>Puts what was written on stable storage. After a failure it must not be called again: the kernel reports
    /// a lost page once.</summary>
    void Sync();
}
