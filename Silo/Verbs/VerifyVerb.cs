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
        command.SetAction((result, cancellationToken) =>
            RunAsync(result.GetRequiredValue(bundle), result.GetValue(trust), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo bundle, FileInfo? trust, CancellationToken cancellationToken)
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
                    await Console.Error.WriteLineAsync(
                        $"{trust.FullName} holds no verifier key: {reason}").ConfigureAwait(false);
                    return 2;
                }
            }

            var stream = bundle.OpenRead();
            await using var closing = stream.ConfigureAwait(false);
            var report = BundleVerifier.Verify(stream, anchor);
            Console.WriteLine(report.Text());
            return report.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 2;
        }
    }
}
