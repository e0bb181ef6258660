using System.Globalization;
using System.Text;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;

namespace Talreg.Evidence.Tests.Witness;

/// <summary>Logs and witnesses whose keys are the same in every run.</summary>
internal static class LedgerSamples
{
    public const string Name = "talreg-0badcafe.default";

    public static LogSigner Signer(byte seed = 7) => new(Name, Seed(seed));

    public static Cosigner Witness(string name, byte seed) => new(name, Seed(seed));

    /// <summary>Appends entries and publishes the checkpoint over them; a story tells one history from another.</summary>
    public static string Append(LogFiles log, LogSigner signer, int count, string story = "")
    {
        while (count > 0)
        {
            var batch = new List<LogItem>();
            for (; count > 0 && batch.Count < LogFiles.MaxBatch; count--)
            {
                batch.Add(Item(log.Head.Size + batch.Count, story));
            }

            log.Append(batch);
        }

        var note = signer.SignCheckpoint(log.Head.Size, log.Head.Root);
        log.PublishCheckpoint(note);
        return note;
    }

    private static byte[] Seed(byte value) => [.. Enumerable.Repeat(value, LogSigner.SeedLength)];

    private static LogItem Item(long index, string story)
    {
        var body = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{{\"n\":{index},\"story\":\"{story}\"}}"));
        var salt = new byte[LedgerOpening.SaltLength];
        var opening = new LedgerOpening(salt, body);
        var entry = new LedgerEntry(LedgerEntryType.Gap, index, index, opening.Commitment());
        return new LogItem(entry, opening, MerkleTree.HashLeaf(body));
    }
}
