namespace Talreg.Store.Reading;

/// <summary>
/// Why a ticket does not open what it was shown for. The names are those of the answer and of the metric.
/// </summary>
public enum TicketRefusal
{
    /// <summary>It does.</summary>
    None,

    /// <summary>There is none, or it is no signed ticket of this version.</summary>
    Malformed,

    /// <summary>The cluster has not said yet by which key tickets are checked.</summary>
    NoKey,

    /// <summary>Another key signed it, or it was altered.</summary>
    Forged,

    /// <summary>It is for another gateway, tenant, take or kind of reading.</summary>
    Foreign,

    /// <summary>Its time is over, or the clocks of the two machines are apart.</summary>
    Expired,

    /// <summary>It is good for longer than tickets may be, or the clocks of the two machines are apart.</summary>
    TooLong,

    /// <summary>What is asked for reaches past what it names.</summary>
    OutsideRange,

    /// <summary>It was shown before: each opens once.</summary>
    UsedUp,

    /// <summary>More tickets are remembered than there is room for.</summary>
    Busy,
}
