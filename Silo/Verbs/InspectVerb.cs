using System.CommandLine;
using Talreg.Verify;

namespace Talreg.Silo.Verbs;

/// <summary><c>talreg inspect</c>: says what a file of ours is and what can be seen of it without keys.</summary>
internal static class InspectVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var file = new Argument<FileInfo>("FILE")
        {
            Description = "A recording (.trec), a journal segment (.tj), an evidence bundle (.zip) or a checkpoint.",
        };
        var command = new Command(
            "inspect", "Shows what a file holds, as far as it can be seen without keys.") { file };
        command.SetAction((result, cancellationToken) =>
            RunAsync(result.GetRequiredValue(file), result.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo file, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = file.OpenRead();
            var inspection = RecordingInspector.Inspect(stream);
            await console.Output.WriteAsync(inspection.Text.AsMemory(), cancellationToken).ConfigureAwait(false);
            return inspection.Recognised ? 0 : 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }
}
