using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Ledger;

namespace Talreg.Benchmarks.Ledger;

/// <summary>
/// <c>ledger</c>: leaves a second that are appended, synced, read back and covered by a published checkpoint, and what the proof of
/// one leaf out of a hundred million costs.
/// </summary>
internal static class LedgerVerb
{
    internal const string Usage = "ledger [--leaves N] [--batch N] [--tree N] [--proofs N] [--folder PATH]";

    private const int Rounds = 3;
    private const int BodyBytes = 500;

    internal static int Run(string[] args)
    {
        var options = Options.Parse(args);
        var folder = options.Folder is null
            ? Directory.CreateTempSubdirectory("talreg-ledger-").FullName
            : Directory.CreateDirectory(
                Path.Combine(options.Folder, $"talreg-ledger-{Environment.ProcessId}")).FullName;
        try
        {
            Console.WriteLine(Machine.Describe());
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{options.Leaves} leaves a round, bodies of {BodyBytes} bytes, {options.Batch} under each checkpoint, "
                + $"on {folder}; round 0 warms up"));
            Console.WriteLine("| round | leaves/s | ms a checkpoint, median | p99 |");
            Console.WriteLine("| ---: | ---: | ---: | ---: |");
            for (var round = 0; round <= Rounds; round++)
            {
                Append(round, Path.Combine(folder, round.ToString(CultureInfo.InvariantCulture)), options);
            }

            SparseTree.Measure(Path.Combine(folder, "tree"), options.Tree, options.Proofs);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Append(int round, string folder, Options options)
    {
        var body = Encoding.UTF8.GetBytes($"{{\"text\":\"{new string('x', BodyBytes - 11)}\"}}");
        using var signer = new LogSigner("talreg-0badcafe.benchmark", RandomNumberGenerator.GetBytes(32));
        using var log = LogFiles.Open(folder, null);
        var batches = new List<double>();
        var started = Stopwatch.GetTimestamp();
        while (log.Head.Size < options.Leaves)
        {
            var began = Stopwatch.GetTimestamp();
            var head = log.Append([.. Enumerable.Range(0, options.Batch).Select(i => Item(log.Head.Size + i, body))]);
            log.PublishCheckpoint(signer.SignCheckpoint(head.Size, head.Root));
            batches.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        batches.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {round} | {log.Head.Size / seconds:0} | {batches[batches.Count / 2]:0.0} "
            + $"| {batches[batches.Count * 99 / 100]:0.0} |"));
    }

    private static LogItem Item(long index, byte[] body)
    {
        var opening = LedgerOpening.Create(body);
        return new LogItem(
            new LedgerEntry(LedgerEntryType.Seal, index, index, opening.Commitment()),
            opening,
            SHA256.HashData(BitConverter.GetBytes(index)));
    }

    private sealed record Options(int Leaves, int Batch, long Tree, int Proofs, string? Folder)
    {
        internal static Options Parse(string[] args)
        {
            var options = new Options(100_000, LogFiles.MaxBatch, 100_000_123, 1_000, Folder: null);
            for (var i = 0; i + 1 < args.Length; i += 2)
            {
                options = (args[i], args[i + 1]) switch
                {
                    ("--folder", var path) => options with { Folder = path },
                    ("--leaves", var n) => options with { Leaves = int.Parse(n, CultureInfo.InvariantCulture) },
                    ("--batch", var n) => options with { Batch = int.Parse(n, CultureInfo.InvariantCulture) },
                    ("--tree", var n) => options with { Tree = long.Parse(n, CultureInfo.InvariantCulture) },
                    ("--proofs", var n) => options with { Proofs = int.Parse(n, CultureInfo.InvariantCulture) },
                    _ => throw new BenchmarkException($"ledger knows no {args[i]}: {Usage}"),
                };
            }

            return args.Length % 2 == 0 && options is { Leaves: > 0, Batch: > 0 and <= LogFiles.MaxBatch, Proofs: > 0 }
                && options.Tree > 0
                    ? options
                    : throw new BenchmarkException($"Usage: {Usage}");
        }
    }
}
