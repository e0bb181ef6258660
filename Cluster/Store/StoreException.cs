namespace Talreg.Store;

/// <summary>
/// A device or file failed, or holds what it must not. The message is one line that names the path and the cause, fit to
/// be shown to an operator.
/// </summary>
public sealed class StoreException : IOException
{
    /// <summary>A failure without an underlying one.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>A failure that another one caused.</summary>
    public StoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>True when the cause is a file system or quota that is full: nothing was lost, and space may come back.</summary>
    public bool IsOutOfSpace { get; init; }

    /// <summary>True when a file holds what it must not: trying again gives the same.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>True when the machine lacks descriptors or memory, or a folder is not there: it says nothing of any file.</summary>
    public bool IsTransient { get; init; }
}
