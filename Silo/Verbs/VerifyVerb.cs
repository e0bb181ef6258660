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
        var bundle = new Argument<FileInfo>("BUNDLE")
        {
            Description = "The evidence bundle (a .zip), or a folder with a log's published files, of which every "
                + "entry is then checked.",
        };
        var trust = new Option<FileInfo?>("--trust")
        {
            Description = "File with the log's verifier key, one line, got from somewhere else than the bundle; "
                + "on further lines the keys of witnesses that must have cosigned, and 'quorum N' where N suffice. "
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
            TrustFile? anchors = null;
            if (trust is not null)
            {
                var text = await File.ReadAllTextAsync(trust.FullName, cancellationToken).ConfigureAwait(false);
                if (!TrustFile.TryParse(text, out anchors, out var reason))
                {
                    return await console.RefuseAsync($"{trust.FullName} holds no verifier key: {reason}")
                        .ConfigureAwait(false);
                }
            }

            if (Directory.Exists(bundle.FullName))
            {
                return await VerifyLogAsync(bundle.FullName, anchors, console).ConfigureAwait(false);
            }

            var stream = bundle.OpenRead();
            await using var closing = stream.ConfigureAwait(false);
            var report = BundleVerifier.Verify(stream, anchors?.Log, new VerifyOptions
            {
                Witnesses = anchors?.Witnesses ?? [],
                WitnessQuorum = anchors?.Quorum ?? 0,
                TimestampRoots = anchors?.TimestampRoots ?? [],
            });
            await console.Output.WriteLineAsync(report.Text()).ConfigureAwait(false);
            return report.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }

    private static async Task<int> VerifyLogAsync(string folder, TrustFile? anchors, InvocationConfiguration console)
    {
        if (anchors is null)
        {
            return await console.RefuseAsync("A log is verified with its key: give --trust.").ConfigureAwait(false);
        }

        var report = LogVerifier.Verify(folder, anchors);
        await console.Output.WriteLineAsync(report.Text()).ConfigureAwait(false);
        return report.ExitCode;
    }
}
