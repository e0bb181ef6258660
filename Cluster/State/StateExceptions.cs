namespace Talreg.State;

/// <summary>
/// The database refused or failed. Serializable, so that a grain's caller sees it by name; and one of Orleans' exceptions, so
/// that whoever tries again when the cluster fails does so when its database does.
/// </summary>
[GenerateSerializer, Alias("Talreg.StateStorageException")]
public class StateStorageException : OrleansException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, for a person, with the database's own words.</param>
    public StateStorageException(string message)
        : base(message)
    {
    }
}

/// <summary>The database is not Talreg's, or is damaged. Nothing was changed in it.</summary>
[GenerateSerializer, Alias("Talreg.StateCorruptException")]
public sealed class StateCorruptException(string message) : StateStorageException(message);

/// <summary>The database was changed by a newer Talreg. Nothing was changed in it.</summary>
[GenerateSerializer, Alias("Talreg.StateVersionException")]
public sealed class StateVersionException(string message) : StateStorageException(message);
