using System.Diagnostics;
using Xunit;

namespace Talreg.TestKit;

/// <summary>An explicit test of this program, run as a process of its own: one that can be killed, traced, or see other
/// file systems.</summary>
public static class ChildTest
{
    // What the shell of a mount answers when it may not, as automake's tests say "skipped".
    private const int NotAllowed = 77;

    /// <summary>How to start it.</summary>
    /// <param name="tests">The class.</param>
    /// <param name="method">Its explicit test.</param>
    /// <param name="environment">What it is told.</param>
    /// <param name="before">A program that runs it, with its arguments; none by default.</param>
    public static ProcessStartInfo Command(
        Type tests, string method, IReadOnlyDictionary<string, string> environment, params string[] before)
    {
        ArgumentNullException.ThrowIfNull(tests);
        ArgumentNullException.ThrowIfNull(environment);
        string[] command =
        [
            .. before,
            Path.ChangeExtension(tests.Assembly.Location, null),
            "-method", $"{tests.FullName}.{method}", "-explicit", "only", "-noColor",
        ];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Runs it to its end; both its outputs in one.</summary>
    public static async Task<(int Code, string Output)> RunAsync(
        ProcessStartInfo start, CancellationToken cancellationToken)
    {
        using var child = Process.Start(start)!;
        try
        {
            var error = child.StandardError.ReadToEndAsync(cancellationToken);
            var output = await child.StandardOutput.ReadToEndAsync(cancellationToken) + await error;
            await child.WaitForExitAsync(cancellationToken);
            return (child.ExitCode, output);
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Runs it where it alone sees what is mounted; gone with it, however it ends. Skips the caller where nobody
    /// may mount.</summary>
    /// <param name="tests">The class.</param>
    /// <param name="method">Its explicit test.</param>
    /// <param name="environment">What it is told.</param>
    /// <param name="mount">The mount, as a line of shell.</param>
    /// <param name="userMay">True for file systems that a user in a namespace of his own may mount.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunMountedAsync(
        Type tests,
        string method,
        IReadOnlyDictionary<string, string> environment,
        string mount,
        bool userMay,
        CancellationToken cancellationToken)
    {
        var unshare = Peer.Require("unshare", "util-linux");
        string[] namespaces = Environment.UserName == "root" || !userMay ? ["-m"] : ["-r", "-m"];
        string[] before =
        [
            unshare, .. namespaces, "sh", "-c", $"{mount} || exit {NotAllowed}; exec \"$0\" \"$@\"",
        ];
        var (code, output) = await RunAsync(Command(tests, method, environment, before), cancellationToken);
        if (code == NotAllowed || output.Contains("unshare failed", StringComparison.Ordinal))
        {
            Peer.Missing($"the right to mount ({(userMay ? "root, or user namespaces" : "root")})", "util-linux");
        }

        Assert.True(code == 0, output);
    }
}
