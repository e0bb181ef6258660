namespace Talreg.Verify;

/// <summary>The outcome of verifying a bundle.</summary>
public enum VerificationResult
{
    /// <summary>Every check passed against a key the caller trusts.</summary>
    Verified,

    /// <summary>At least one check failed.</summary>
    Refused,

    /// <summary>Every check passed, but only against the key in the bundle itself: it agrees with itself, no more.</summary>
    ConsistentOriginUnproved,
}

/// <summary>The outcome of one check.</summary>
public enum CheckOutcome
{
    /// <summary>It holds.</summary>
    Passed,

    /// <summary>It does not hold: the bundle is refused.</summary>
    Failed,

    /// <summary>It could not be asked here, for instance because keys are withheld.</summary>
    NotApplicable,
}

/// <summary>One check of a bundle.</summary>
/// <param name="Name">The check, from <see cref="CheckNames"/>.</param>
/// <param name="Outcome">Whether it holds.</param>
/// <param name="Subject">What was checked: a member, a chunk of it, or a part of the ZIP.</param>
/// <param name="Detail">What was found, in plain words.</param>
public sealed record CheckResult(string Name, CheckOutcome Outcome, string Subject, string Detail);

/// <summary>One take as far as the bundle shows it.</summary>
public sealed record TakeSummary
{
    /// <summary>The take's id, as UUID text.</summary>
    public required string Take { get; init; }

    /// <summary>Chunks of the recording.</summary>
    public required long Chunks { get; init; }

    /// <summary>Chunks whose keys the bundle withholds.</summary>
    public required long Withheld { get; init; }

    /// <summary>Streams of the take.</summary>
    public required int Streams { get; init; }

    /// <summary>Media packets by the descriptor.</summary>
    public required long Packets { get; init; }

    /// <summary>Sequence numbers that never came, by the descriptor.</summary>
    public required long Lost { get; init; }

    /// <summary>When the take started by the recorder's clock; null when the descriptor cannot be read.</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended by the recorder's clock; null when the descriptor cannot be read.</summary>
    public required DateTimeOffset? EndedAt { get; init; }
}

/// <summary>What verifying a bundle found. Immutable; may be shared between threads.</summary>
public sealed record VerificationReport
{
    /// <summary>The verdict.</summary>
    public required VerificationResult Result { get; init; }

    /// <summary>The call of the manifest, or null when it could not be read.</summary>
    public required string? Call { get; init; }

    /// <summary>The log whose key was used, or null when there was none.</summary>
    public required string? Log { get; init; }

    /// <summary>Every check, in the order of FORMAT §8. Failures over 100 of one check are counted, not listed.</summary>
    public required IReadOnlyList<CheckResult> Checks { get; init; }

    /// <summary>What stays unproved even when every check passes.</summary>
    public required IReadOnlyList<string> Residual { get; init; }

    /// <summary>The takes, in the order of their members.</summary>
    public required IReadOnlyList<TakeSummary> Takes { get; init; }

    /// <summary>The exit status of <c>talreg verify</c>: 0 verified, 1 refused, 3 consistent with its origin unproved.</summary>
    public int ExitCode => Result switch
    {
        VerificationResult.Verified => 0,
        VerificationResult.ConsistentOriginUnproved => 3,
        _ => 1,
    };

    /// <summary>The report for a person: lines that end in LF, printable characters only whatever the bundle holds.</summary>
    public string Text() => ReportText.Of(this);
}
