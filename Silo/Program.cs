using System.CommandLine;
using Talreg.Silo.Verbs;

var root = new RootCommand(
    "Talreg records calls that must be recorded, proves that it did, and plays them in ten years. "
    + "Without a verb it runs an all-in-one recorder (the verb 'all').");
var all = AllVerb.Create();
root.Add(all);
root.Add(DemoVerb.Create());
root.Add(VerifyVerb.Create());
root.Add(ExportVerb.Create());
root.Add(InspectVerb.Create());
root.Add(RebuildVerb.Create());
AllVerb.AddTo(root);

// Null: the host, not the command line, decides how long an orderly stop may take. With a limit here a recorder would be
// killed while it seals its live takes.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await root.Parse(args).InvokeAsync(invocation).ConfigureAwait(false);
