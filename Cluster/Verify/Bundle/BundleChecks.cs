using System.Text;

namespace Talreg.Verify;

/// <summary>Runs the checks of FORMAT §8 in their order. A failed one ends only what cannot be asked without it.</summary>
internal sealed class BundleChecks(Findings findings, ByteSource zip, TrustAnchor? trust, VerifyOptions options)
{
    private const string KeyMember = "key";
    private const string CheckpointMember = "checkpoint";
    private const string ReadmeMember = "README.txt";
    private const string PageMember = "verify.html";
    private static readonly string[] Required =
        [Manifest.MemberName, ReadmeMember, CallChecks.MemberName, CheckpointMember, KeyMember];

    private static readonly string[] Optional = [AudioChecks.MemberName, PageMember, TimestampChecks.MemberName];

    private SignedNote? _checkpointNote;
    private ReadOnlyMemory<byte> _checkpointBytes;

    /// <summary>Runs them all; answers null when no member could be found.</summary>
    public BundleContext? Run()
    {
        if (!ZipReader.TryRead(zip, out var members, out var reason))
        {
            findings.Fail(CheckNames.Zip, "bundle", reason);
            return null;
        }

        ZipRebuild.Check(findings, zip, members);
        var byName = new Dictionary<string, BundleMember>(StringComparer.Ordinal);
        foreach (var member in members)
        {
            byName.TryAdd(member.Name, member);
        }

        var bundle = new BundleContext(findings, byName);
        var takes = Members(byName);
        ReadKey(bundle);
        ReadManifest(bundle, members);
        ReadCheckpoint(bundle);
        foreach (var take in takes)
        {
            new TakeChecks(bundle, take).Run();
        }

        CheckOrigin(bundle);
        AudioChecks.Run(bundle);
        CallChecks.Run(bundle);
        LeaveStanding();
        return bundle;
    }

    private List<string> Members(Dictionary<string, BundleMember> members)
    {
        var before = findings.FailuresOf(CheckNames.Members);
        var takes = new List<string>();
        foreach (var name in members.Keys.Order(StringComparer.Ordinal))
        {
            if (name.Length == 0 || name[0] == '/' || name.Contains("..", StringComparison.Ordinal)
                || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/'))
            {
                findings.Fail(CheckNames.Members, name, "not a safe name");
            }
            else if (MemberTake(name, "takes/", ".trec") is { } take)
            {
                takes.Add(take);
            }
            else if ((MemberTake(name, "takes/", ".keys.json") ?? MemberTake(name, "ledger/", ".json")) is { } owner)
            {
                if (!members.ContainsKey($"takes/{owner}.trec"))
                {
                    findings.Fail(CheckNames.Members, name, "its take has no recording here");
                }
            }
            else if (!Required.Contains(name, StringComparer.Ordinal)
                && !Optional.Contains(name, StringComparer.Ordinal))
            {
                findings.Skip(CheckNames.Members, name, "not described by the format: only its hash is checked");
            }
        }

        foreach (var name in Required.Where(r => !members.ContainsKey(r)))
        {
            findings.Fail(CheckNames.Members, name, "is not in the bundle");
        }

        if (takes.Count == 0)
        {
            findings.Fail(CheckNames.Members, "bundle", "holds no take");
        }

        if (findings.FailuresOf(CheckNames.Members) == before)
        {
            findings.Pass(CheckNames.Members, "bundle", $"{members.Count} members, {takes.Count} takes");
        }

        return takes;
    }

    private static string? MemberTake(string name, string start, string end) =>
        name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal)
        && name.Length == start.Length + 36 + end.Length
        && Hex.TryParseUuid(name[start.Length..^end.Length], out _)
            ? name[start.Length..^end.Length]
            : null;

    private void ReadKey(BundleContext bundle)
    {
        bundle.Key = trust;
        if (bundle.Read(CheckNames.Key, KeyMember, Limits.MaxTextLength * 2) is not { } bytes)
        {
            return;
        }

        if (!Ascii.IsValid(bytes.Span)
            || !TrustAnchor.TryParse(Encoding.ASCII.GetString(bytes.Span), out var own, out var reason))
        {
            findings.Fail(CheckNames.Key, KeyMember, "does not read as a verifier key");
            return;
        }

        bundle.Key ??= own;
        findings.Check(
            CheckNames.Key,
            KeyMember,
            trust is null || trust.Line == own.Line,
            trust is null ? $"well formed, of {own.Name}; no proof of origin" : $"the trusted key, of {own.Name}",
            $"is the key of {own.Name}, not the trusted one");
    }

    private void ReadManifest(BundleContext bundle, List<BundleMember> members)
    {
        if (bundle.Read(CheckNames.Manifest, Manifest.MemberName, Limits.MaxNoteBytes) is not { } bytes)
        {
            return;
        }

        if (!SignedNote.TryParse(bytes, out var note, out var reason)
            || !Manifest.TryParse(note.Text, out var manifest, out reason))
        {
            findings.Fail(CheckNames.Manifest, Manifest.MemberName, reason);
            return;
        }

        bundle.Manifest = manifest;
        manifest.Check(findings, members);
        if (options.ExpectedCall is { } expected && expected != manifest.Call)
        {
            findings.Fail(CheckNames.Manifest, Manifest.MemberName, $"is of call {manifest.Call}, not {expected}");
        }

        // Nothing covers the manifest but its one signature: a further line could be changed unseen.
        var detail = "has more than one signature line";
        var valid = note.Signatures.Count == 1 && Verify(note, bundle.Key, out detail);
        findings.Check(CheckNames.ManifestSignature, Manifest.MemberName, valid, detail, detail);
    }

    private static bool Verify(SignedNote note, TrustAnchor? key, out string detail)
    {
        detail = "there is no key to check it against";
        return key is not null && note.IsSignedBy(key, out detail);
    }

    private void ReadCheckpoint(BundleContext bundle)
    {
        if (bundle.Read(CheckNames.Checkpoint, CheckpointMember, Limits.MaxNoteBytes) is not { } bytes)
        {
            return;
        }

        if (!SignedNote.TryParse(bytes, out var note, out var reason)
            || !Checkpoint.TryParse(note.Text, out var checkpoint, out reason))
        {
            findings.Fail(CheckNames.Checkpoint, CheckpointMember, reason);
            return;
        }

        bundle.Checkpoint = checkpoint;
        _checkpointNote = note;
        _checkpointBytes = bytes;
    }

    private void CheckOrigin(BundleContext bundle)
    {
        if (bundle.Checkpoint is not { } checkpoint || _checkpointNote is not { } note)
        {
            findings.Fail(CheckNames.CheckpointSignature, CheckpointMember, "there is no checkpoint that reads");
            return;
        }

        // The origin is talreg-{8 hex}.{tenant}: a log of one tenant says nothing of another's calls.
        var stranger = bundle.Descriptors.Values.FirstOrDefault(
            d => !checkpoint.Origin.EndsWith("." + d.Tenant, StringComparison.Ordinal));
        var wrong = stranger is not null ? $"the log {checkpoint.Origin} is not that of tenant {stranger.Tenant}"
            : checkpoint.Origin != bundle.Key?.Name ? $"its origin {checkpoint.Origin} is not the key's log"
            : null;
        findings.Check(
            CheckNames.Checkpoint,
            CheckpointMember,
            wrong is null,
            $"{checkpoint.Size} entries of {checkpoint.Origin}",
            wrong ?? "");
        findings.Check(
            CheckNames.CheckpointSignature, CheckpointMember, Verify(note, bundle.Key, out var detail), detail, detail);
        WitnessChecks.Run(findings, note, options);
        TimestampChecks.Run(bundle, _checkpointBytes.Span, options);
    }

    private void LeaveStanding()
    {
        findings.Leave("Who spoke, and what never reached the recorder, cannot be proved by a recording of packets.");
        findings.Leave("Packets lost before the first or after the last of an SSRC leave no gap in its numbers.");
        findings.Leave(
            "Whoever holds the log's key and a take's key together can write another history for entries that "
            + "nobody else has a checkpoint of.");
        if (trust is null)
        {
            findings.Leave("Origin: the signatures were checked against the bundle's own key only.");
        }
    }
}
