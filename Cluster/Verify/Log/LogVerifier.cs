namespace Talreg.Verify;

/// <summary>
/// Verifies a whole log from a folder that holds its published files (FORMAT §6), be it a copy made over HTTP or the log's own: that
/// nothing is missing from the first entry to the last, and that the recorder was there all the time. Stateless; any thread.
/// </summary>
public static class LogVerifier
{
    private const string CheckpointFile = "checkpoint";

    /// <summary>Verifies a log. What is in the files makes nothing throw.</summary>
    /// <param name="folder">Where <c>checkpoint</c> and <c>tile/entries/</c> are.</param>
    /// <param name="trust">The log's key and its witnesses', had from elsewhere.</param>
    public static VerificationReport Verify(string folder, TrustFile trust)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(trust);
        var findings = new Findings();
        try
        {
            if (ReadCheckpoint(findings, folder, trust) is { } checkpoint)
            {
                new LogWalk(findings, folder, checkpoint).Run();
            }
        }
        catch (IOException failed)
        {
            findings.Fail(CheckNames.Reading, folder, failed.Message);
        }

        findings.Leave("What each entry is about is hidden: its opening is shown by whoever holds it, or in a bundle.");
        findings.Leave("What happened after this checkpoint is not covered.");
        return new VerificationReport
        {
            Result = findings.AnyFailed ? VerificationResult.Refused : VerificationResult.Verified,
            Call = null,
            Log = trust.Log.Name,
            Checks = findings.ToChecks(),
            Residual = findings.Residual,
            Takes = [],
        };
    }

    private static Checkpoint? ReadCheckpoint(Findings findings, string folder, TrustFile trust)
    {
        var file = new FileInfo(Path.Combine(folder, CheckpointFile));
        if (!file.Exists || file.Length > Limits.MaxNoteBytes)
        {
            findings.Fail(CheckNames.Checkpoint, CheckpointFile, $"is missing, or over {Limits.MaxNoteBytes} bytes");
            return null;
        }

        if (!SignedNote.TryParse(File.ReadAllBytes(file.FullName), out var note, out var reason)
            || !Checkpoint.TryParse(note.Text, out var checkpoint, out reason))
        {
            findings.Fail(CheckNames.Checkpoint, CheckpointFile, reason);
            return null;
        }

        findings.Check(
            CheckNames.Checkpoint,
            CheckpointFile,
            checkpoint.Origin == trust.Log.Name,
            $"{checkpoint.Size} entries of {checkpoint.Origin}",
            $"its origin {checkpoint.Origin} is not the key's log");
        findings.Check(
            CheckNames.CheckpointSignature, CheckpointFile, note.IsSignedBy(trust.Log, out var detail), detail, detail);
        WitnessChecks.Run(
            findings,
            note,
            new VerifyOptions { Witnesses = trust.Witnesses, WitnessQuorum = trust.Quorum });
        return checkpoint;
    }
}
