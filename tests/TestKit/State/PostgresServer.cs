using System.Diagnostics;
using Xunit;

namespace Talreg.TestKit.State;

/// <summary>
/// A PostgreSQL server of the tests' own, of Debian's package: on a socket in a folder of its own, without a port. It is
/// started when first asked for and ends with this process, however that ends.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql";
    private const string User = "talreg";

    // Orders come by standard input. The server ends when that does: when this process closes it, or is gone.
    private const string Watched =
        """
        start() {
            "$0"/postgres -D "$1" -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \
                -c max_connections=200 -c shared_buffers=64MB >>"$1/log" 2>&1 &
            server=$!
        }
        stop() {
            kill -INT $server
            wait $server
        }
        start "$1"
        while read -r order; do
            "$order" "$1"
        done
        stop
        rm -rf "$1"
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _starting = new(1);
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"talreg-pg-{Guid.NewGuid():N}");
    private Process? _process;
    private string _programs = "";
    private int _databases;

    /// <summary>Makes an empty database; starts the server when it is the first.</summary>
    /// <returns>Npgsql's connection string.</returns>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            _process ??= await StartAsync(cancellationToken);
            var name = string.Create(null, $"test{++_databases}");
            await RunAsync("createdb", ["-h", _folder, "-U", User, name], cancellationToken);
            return $"Host={_folder};Username={User};Database={name}";
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Ends the server: connections break, further ones are refused, until it is started again.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _process!.StandardInput.WriteLineAsync("stop".AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        await Wait.UntilAsync(
            async () => !await IsReadyAsync(cancellationToken), "PostgreSQL to end", Limit, cancellationToken);
    }

    /// <summary>Starts it again after <see cref="StopAsync"/>, with everything that was committed.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await _process!.StandardInput.WriteLineAsync("start".AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        await Wait.UntilAsync(
            () => IsReadyAsync(cancellationToken), "PostgreSQL to take connections again", Limit, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(Limit);
            await process.WaitForExitAsync(limit.Token);
            process.Dispose();
        }

        _starting.Dispose();
    }

    private async Task<Process> StartAsync(CancellationToken cancellationToken)
    {
        _programs = Directory.Exists(Programs)
            ? Directory.GetDirectories(Programs)
                .Select(version => Path.Combine(version, "bin"))
                .Where(folder => File.Exists(Path.Combine(folder, "initdb")))
                .OrderByDescending(folder => folder, StringComparer.Ordinal)
                .FirstOrDefault("")
            : "";
        if (_programs.Length == 0)
        {
            Peer.Missing("PostgreSQL", "postgresql");
        }

        await RunAsync(
            "initdb", ["-D", _folder, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cancellationToken);
        string[] command = [.. AsNobodySpecial(), "sh", "-c", Watched, _programs, _folder];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Path.GetTempPath(),
            UseShellExecute = false,
            RedirectStandardInput = true,
        })!;
        await Wait.UntilAsync(
            () => IsReadyAsync(cancellationToken), "PostgreSQL to take connections", Limit, cancellationToken);
        return process;
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        await TryRunAsync("pg_isready", ["-h", _folder], cancellationToken) is (0, _);

    private async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var (code, output) = await TryRunAsync(program, arguments, cancellationToken);
        Assert.True(code == 0, $"{program} failed: {output}");
    }

    private Task<(int Code, string Output)> TryRunAsync(
        string program, string[] arguments, CancellationToken cancellationToken)
    {
        string[] command = [.. AsNobodySpecial(), Path.Combine(_programs, program), .. arguments];
        return Peer.RunAsync(command[0], command[1..], Path.GetTempPath(), Limit, cancellationToken);
    }

    // The server refuses to run as root; the package brings a user for it.
    private static string[] AsNobodySpecial() => Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        : [];
}
