using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Benchmarks.Processes;

/// <summary>
/// A network namespace of the benchmark's own, with loopback up: ports are free, and no other traffic is counted. Removed
/// on disposal. Needs CAP_SYS_ADMIN and iproute2.
/// </summary>
internal sealed partial class NetworkNamespace : IAsyncDisposable
{
    private const int CloneNewNet = 0x40000000;

    private NetworkNamespace(string name) => Name = name;

    internal string Name { get; }

    /// <summary>Makes one; null where the process may not, with the reason on the console.</summary>
    internal static async Task<NetworkNamespace?> TryCreateAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"talreg-bench-{Environment.ProcessId}");
        if (await RunAsync("netns", "add", name).ConfigureAwait(false) is { } refusal)
        {
            Console.WriteLine($"No network namespace ({refusal}): the machine's loopback serves, ports from 20000 on.");
            return null;
        }

        var made = new NetworkNamespace(name);
        if (await RunAsync("-n", name, "link", "set", "lo", "up").ConfigureAwait(false) is { } error)
        {
            await made.DisposeAsync().ConfigureAwait(false);
            throw new BenchmarkException(error);
        }

        return made;
    }

    /// <summary>The calling thread works in this namespace from now on; give it a thread of its own.</summary>
    internal void Enter()
    {
        using var file = File.OpenHandle($"/run/netns/{Name}");
        if (SetNamespace(file, CloneNewNet) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"setns {Name}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (await RunAsync("netns", "del", Name).ConfigureAwait(false) is { } error)
        {
            Console.WriteLine($"The namespace {Name} stays: {error}");
        }
    }

    private static async Task<string?> RunAsync(params string[] words)
    {
        try
        {
            using var ip = Process.Start(
                new ProcessStartInfo("ip", words) { RedirectStandardError = true, UseShellExecute = false })!;
            var error = await ip.StandardError.ReadToEndAsync().ConfigureAwait(false);
            await ip.WaitForExitAsync().ConfigureAwait(false);
            return ip.ExitCode == 0 ? null : error.Trim();
        }
        catch (Win32Exception)
        {
            return "iproute2 is not installed";
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
