namespace Talreg.Contracts;

/// <summary>State of a grain that may be forgotten some day. A storage provider that can removes it then.</summary>
public interface IExpiringState
{
    /// <summary>From when on it may be removed; null for never.</summary>
    DateTimeOffset? DueAt { get; }
}

/// <summary>Removes grain state that is due.</summary>
public interface IStateExpiry
{
    /// <summary>Removes what was due before a time, a bounded number at once.</summary>
    /// <returns>How many rows went; 0 when nothing is due.</returns>
    Task<int> ExpireAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
