using System.ComponentModel;
using System.Diagnostics;

namespace Talreg.Benchmarks.Baselines;

/// <summary>Builds the C programs beside this file with gcc, into a folder that is the caller's.</summary>
internal static class BaselineBuilder
{
    private static readonly string[] Sources =
        ["receiver.c", "sockets.c", "gather.c", "writer.c", "sinks.c", "crypto.c"];

    /// <summary>Builds the receiver.</summary>
    /// <returns>Its path; null when it cannot be built here, with the reason on the console.</returns>
    internal static async Task<string?> TryBuildAsync(string folder)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Baselines");
        var program = Path.Combine(folder, "receiver");
        string[] words =
        [
            "-O2", "-march=native", "-o", program,
            .. Sources.Select(name => Path.Combine(source, name)),
            "-lcrypto", "-lpthread",
        ];
        try
        {
            using var gcc = Process.Start(
                new ProcessStartInfo("gcc", words) { RedirectStandardError = true, UseShellExecute = false })!;
            var errors = await gcc.StandardError.ReadToEndAsync().ConfigureAwait(false);
            await gcc.WaitForExitAsync().ConfigureAwait(false);
            if (gcc.ExitCode == 0)
            {
                return program;
            }

            Console.WriteLine($"No C baselines: gcc refused them (libssl-dev is needed).\n{errors}");
        }
        catch (Win32Exception)
        {
            Console.WriteLine("No C baselines: gcc is not installed (apt-get install gcc libc6-dev libssl-dev).");
        }

        return null;
    }
}
