using System.CommandLine;
using Talreg.Silo.Verbs;

// Null: the host, not the command line, decides how long an orderly stop may take. With a limit here a recorder would be
// killed while it seals its live takes.
var console = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await TalregCommand.RunAsync(args, console).ConfigureAwait(false);
