namespace Talreg.Api.Access;

/// <summary>Who may reach an endpoint. One without a rule is treated as <see cref="Token"/>.</summary>
internal enum AccessRule
{
    /// <summary>Anyone. Nothing recorded may be seen there.</summary>
    Open,

    /// <summary>A process on this machine, or anyone with a token.</summary>
    LoopbackOrToken,

    /// <summary>The log's published files: any token, the auditor's too; anyone where the log is public.</summary>
    Ledger,

    /// <summary>A bearer token, or the session that the page swapped one for.</summary>
    Token,
}

/// <summary>The rule of an endpoint, as its metadata.</summary>
internal sealed record AccessRequirement(AccessRule Rule);

/// <summary>Who is calling.</summary>
/// <param name="Name">The token's name: the actor in the ledger.</param>
/// <param name="Session">The id of the page's session; null for a bearer token.</param>
internal sealed record Caller(string Name, string? Session);
