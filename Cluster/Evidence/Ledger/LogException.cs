namespace Talreg.Evidence.Ledger;

/// <summary>Why a log cannot be opened or appended to.</summary>
public enum LogFault
{
    /// <summary>The files hold fewer entries than the head says: something acknowledged is lost.</summary>
    ShorterThanHead,

    /// <summary>The files hold more than one unacknowledged batch beyond the head: the head is too old.</summary>
    LongerThanHead,

    /// <summary>The root recomputed from the files is not the head's.</summary>
    RootDiffers,

    /// <summary>A checkpoint beyond the head was already published: the head is too old.</summary>
    HeadBehindCheckpoint,

    /// <summary>The files contradict each other.</summary>
    Corrupt,

    /// <summary>Another process or activation has the log open.</summary>
    InUse,

    /// <summary>The device reported an error while writing or syncing; what was being written must not be acknowledged.</summary>
    Device,

    /// <summary>An earlier append failed; the log must be opened anew.</summary>
    Fenced,
}

/// <summary>A log cannot be opened or appended to. Does not cross grain calls.</summary>
public sealed class LogException : Exception
{
    /// <summary>Names the fault.</summary>
    public LogException(LogFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public LogFault Fault { get; }
}
