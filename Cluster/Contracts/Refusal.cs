namespace Talreg.Contracts;

/// <summary>Why something was refused. Each maps to one SIP status and one problem type of the API.</summary>
public enum RefusalKind
{
    /// <summary>No such thing (404).</summary>
    NotFound,

    /// <summary>The request is malformed or its values are out of range (400).</summary>
    Invalid,

    /// <summary>The thing is not in a state that allows it (409).</summary>
    WrongState,

    /// <summary>The caller may not (403).</summary>
    Forbidden,

    /// <summary>Full, draining or a part it needs does not answer (503).</summary>
    Unavailable,

    /// <summary>Asked under an epoch that is not the interface's any more (409).</summary>
    StaleEpoch,
}

/// <summary>A named refusal that crosses grain calls.</summary>
[GenerateSerializer, Alias("Talreg.RefusalException")]
public sealed class RefusalException : Exception
{
    /// <summary>Makes a refusal.</summary>
    /// <param name="kind">What sort of refusal.</param>
    /// <param name="message">What is refused and what to do, for a person.</param>
    public RefusalException(RefusalKind kind, string message)
        : base(message) => Kind = kind;

    /// <summary>What sort of refusal.</summary>
    [Id(0)] public RefusalKind Kind { get; }
}
