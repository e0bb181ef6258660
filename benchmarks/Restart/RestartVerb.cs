using System.Globalization;

namespace Talreg.Benchmarks.Restart;

/// <summary>
/// <c>restart</c>: how long after its start a recorder records again, when it was killed with a full segment of live calls and
/// has many sealed recordings. The data is made by the product's own code, the start is that of the real program, and the
/// clock stops at the 200 of an INVITE over UDP.
/// </summary>
internal static class RestartVerb
{
    private static readonly TimeSpan Target = TimeSpan.FromSeconds(3);

    internal static async Task<int> RunAsync(string[] args)
    {
        var options = RestartOptions.Parse(args);
        Console.WriteLine(Machine.Describe());
        var folder = options.Folder ?? Directory.CreateTempSubdirectory("talreg-restart-").FullName;
        try
        {
            if (!File.Exists(Path.Combine(folder, "state.db")))
            {
                await RestartData.MakeAsync(folder, options).ConfigureAwait(false);
                if (options.Folder is not null)
                {
                    Console.WriteLine($"The data is in {folder}; the same command again measures a restart on it.");
                    return 0;
                }
            }

            var wanted = RestartData.CountRecordings(folder) + RestartData.LiveCalls + 1;
            var run = await RestartRun.RunAsync(folder, options).ConfigureAwait(false);
            Print(run);
            var found = RestartData.CountRecordings(folder);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{found} recordings on disk, {wanted} expected; restart to recording {run.ToRecording.TotalSeconds:0.00} s "
                + $"(target {Target.TotalSeconds:0} s: {(run.ToRecording <= Target ? "met" : "missed")})"));
            return found == wanted ? 0 : 1;
        }
        finally
        {
            if (options.Folder is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void Print(RestartRun run)
    {
        Console.WriteLine("| after the program's start | s |");
        Console.WriteLine("| --- | ---: |");
        foreach (var (what, at) in run.Phases)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {at.TotalSeconds:0.00} |"));
        }
    }
}
