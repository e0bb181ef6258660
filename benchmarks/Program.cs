using Talreg.Benchmarks;
using Talreg.Benchmarks.Capture;
using Talreg.Benchmarks.Ledger;
using Talreg.Benchmarks.Memory;
using Talreg.Benchmarks.Micro;
using Talreg.Benchmarks.Nation;
using Talreg.Benchmarks.Recorder;
using Talreg.Benchmarks.Restart;
using Talreg.Benchmarks.Seal;
using Talreg.Benchmarks.Sip;
using Talreg.Benchmarks.Soak;
using Talreg.Benchmarks.State;

// Each verb is one benchmark and prints its figures; see README.md.
try
{
    switch (args.FirstOrDefault())
    {
        case "capture":
            return await CaptureVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "ledger":
            return LedgerVerb.Run(args[1..]);
        case "memory":
            return await MemoryVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "micro":
            return await MicroVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "nation":
            return await NationVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "restart":
            return await RestartVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "seal":
            return await SealVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "sip":
            return await SipVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "soak":
            return await SoakVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case "state":
            return await StateVerb.RunAsync(args[1..]).ConfigureAwait(false);
        case KillLoop.ChildVerb:
            return await KillLoop.RunChildAsync(args[1]).ConfigureAwait(false);
        case RecorderVerb.Name:
            return await RecorderVerb.RunAsync(args[1..]).ConfigureAwait(false);
        default:
            string[] usages =
            [
                CaptureOptions.Usage, LedgerVerb.Usage, MemoryVerb.Usage,
                MicroVerb.Usage, NationVerb.Usage, RestartOptions.Usage,
                SealVerb.Usage, SoakOptions.Usage,
                SipVerb.Usage, "state [--kills N]",
            ];
            Console.Error.WriteLine($"Verbs:\n  {string.Join("\n  ", usages)}");
            return 2;
    }
}
catch (BenchmarkException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
