using System.CommandLine;
using System.CommandLine.Invocation;

namespace Talreg.Silo.Verbs;

/// <summary>The whole command line: the root, which runs a recorder, and its verbs.</summary>
internal static class TalregCommand
{
    /// <summary>Makes the root command.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Talreg records calls that must be recorded, proves that it did, and plays them in ten years. "
            + "Without a verb it runs an all-in-one recorder (the verb 'all').");
        root.Add(AllVerb.Create());
        root.Add(SiloVerb.Create());
        root.Add(GatewayVerb.Create());
        root.Add(DemoVerb.Create());
        root.Add(WitnessVerb.Create());
        root.Add(VerifyVerb.Create());
        root.Add(ExportVerb.Create());
        root.Add(StatusVerb.Create());
        root.Add(HandoverVerb.CreateDrain());
        root.Add(HandoverVerb.CreateFailback());
        root.Add(InspectVerb.Create());
        root.Add(RebuildVerb.Create());
        AllVerb.AddTo(root);
        return root;
    }

    /// <summary>Runs what the arguments ask for.</summary>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="console">Where it writes.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, InvocationConfiguration console)
    {
        var parsed = Create().Parse(arguments);
        return parsed.Action is ParseErrorAction
            ? await console.RefuseAsync($"{parsed.Errors[0].Message} See: talreg {Path(parsed)}--help")
                .ConfigureAwait(false)
            : await parsed.InvokeAsync(console).ConfigureAwait(false);
    }

    private static string Path(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ";
}
