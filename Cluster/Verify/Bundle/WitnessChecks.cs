using System.Globalization;

namespace Talreg.Verify;

/// <summary>Who else has seen the checkpoint (FORMAT §6). Witnesses are those whose keys came from outside the bundle.</summary>
internal static class WitnessChecks
{
    private const string Subject = "checkpoint";

    public static void Run(Findings findings, SignedNote note, VerifyOptions options)
    {
        var others = note.Signatures.Count - 1;
        if (options.Witnesses.Count == 0)
        {
            findings.Skip(
                CheckNames.Witnesses,
                Subject,
                others > 0
                    ? $"{others} further signatures, and no witness's key was given"
                    : "no witness's key was given");
            findings.Leave(others > 0
                ? "The checkpoint has further signatures; they are not checked here."
                : "No witness has cosigned the checkpoint: that the log shows everyone the same is not proved.");
            return;
        }

        var valid = new List<string>();
        foreach (var witness in options.Witnesses)
        {
            var lines = note.Signatures.Where(line => string.Equals(line.Name, witness.Name, StringComparison.Ordinal)
                && line.KeyId.AsSpan().SequenceEqual(witness.KeyId)).ToList();
            var times = new List<DateTimeOffset>();
            foreach (var line in lines)
            {
                if (witness.Verifies(note.Bytes.Span, line.Signature, out var at))
                {
                    times.Add(at);
                }
            }

            if (times.Count < lines.Count)
            {
                findings.Fail(
                    CheckNames.Witnesses, Subject, $"the cosignature by {witness.Name} is not of this checkpoint");
            }
            else if (times.Count > 0)
            {
                var first = times[0].ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
                valid.Add($"{witness.Name} {first}");
            }
        }

        var (count, known, wanted) = (valid.Count, options.Witnesses.Count, options.WitnessQuorum);
        var held = findings.Check(
            CheckNames.Witnesses,
            Subject,
            count >= wanted,
            $"{count} of {known} cosigned, {wanted} wanted: {string.Join(", ", valid)}",
            $"{count} of {known} cosigned, {wanted} wanted");
        if (held)
        {
            findings.Leave("The witnesses answer for one history of the log for all, not for what its entries say.");
        }
    }
}
