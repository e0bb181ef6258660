using Talreg.Benchmarks.Sip;
using Talreg.Benchmarks.State;

// Each verb is one benchmark and prints its figures; see README.md.
switch (args.FirstOrDefault())
{
    case "state":
        return await StateVerb.RunAsync(args[1..]).ConfigureAwait(false);
    case "sip":
        return await SipVerb.RunAsync(args[1..]).ConfigureAwait(false);
    case KillLoop.ChildVerb:
        return await KillLoop.RunChildAsync(args[1]).ConfigureAwait(false);
    default:
        Console.Error.WriteLine("Verbs: sip [--calls N] [--window N], state [--kills N]");
        return 2;
}
