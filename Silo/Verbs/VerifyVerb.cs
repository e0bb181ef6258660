using System.CommandLine;
using Talreg.Verify;

namespace Talreg.Silo.Verbs;

/// <summary>
/// <c>talreg verify</c>: checks an evidence bundle with nothing but the bundle and a key from elsewhere.
/// </summary>
internal static class VerifyVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var bundle = new Argument<FileInfo>("BUNDLE") { Description = "The evidence bundle (a .zip)." };
        var trust = new Option<FileInfo?>("--trust")
        {
            Description = "File with the log's verifier key, one line, got from somewhere else than the bundle. "
                + "Without it the most that can be said is: consistent, origin unproved.",
            HelpName = "keyfile",
        };
        var command = new Command(
            "verify",
            "Checks an evidence bundle. Exit code 0: verified; 1: refused; 3: consistent, origin unproved; "
                + "2: could not be read.")
        {
            bundle,
            trust,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetRequiredValue(bundle),
            result.GetValue(trust),
            result.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo bundle, FileInfo? trust, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        try
        {
            TrustAnchor? anchor = null;
            if (trust is not null)
            {
                var line = (await File.ReadAllTextAsync(
                    trust.FullName, cancellationToken).ConfigureAwait(false)).Trim();
                if (!TrustAnchor.TryParse(line, out anchor, out var reason))
                {
                    return await console.RefuseAsync($"{trust.FullName} holds no verifier key: {reason}")
                        .ConfigureAwait(false);
                }
            }

            var stream = bundle.OpenRead();
            await using var closing = stream.ConfigureAwait(false);
            var report = BundleVerifier.Verify(stream, anchor);
            await console.Output.WriteLineAsync(report.Text()).ConfigureAwait(false);
            return report.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }
}
