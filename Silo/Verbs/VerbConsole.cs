using System.CommandLine;

namespace Talreg.Silo.Verbs;

/// <summary>How every verb says that it could not do its work.</summary>
internal static class VerbConsole
{
    /// <summary>The exit code of a verb that refuses: what was asked for is wrong, or cannot be had.</summary>
    public const int Refused = 2;

    /// <summary>Writes the one line that says what is wrong, and what to do.</summary>
    /// <returns><see cref="Refused"/>.</returns>
    public static async Task<int> RefuseAsync(this InvocationConfiguration console, string line)
    {
        await console.Error.WriteLineAsync($"talreg: {line.ReplaceLineEndings(" ")}").ConfigureAwait(false);
        return Refused;
    }
}
