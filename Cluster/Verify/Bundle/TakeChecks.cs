using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>The checks of one take: recording, seal, keys (FORMAT §8).</summary>
internal sealed class TakeChecks(BundleContext bundle, string take)
{
    private readonly Findings _findings = bundle.Findings;
    private readonly string _member = $"takes/{take}.trec";
    private readonly string _keysMember = $"takes/{take}.keys.json";

    public void Run()
    {
        var faults = new List<string>();
        var read = RecordingFile.TryRead(bundle.Members[_member].Data, faults, out var file);
        foreach (var fault in faults)
        {
            _findings.Fail(CheckNames.Recording, _member, fault);
        }

        if (!read)
        {
            return;
        }

        if (faults.Count == 0)
        {
            _findings.Pass(CheckNames.Recording, _member, $"header, {file!.Chunks} chunks, index, descriptor, footer");
        }

        var descriptor = ReadDescriptor(file!);
        var keys = ReadKeys();
        var marks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in ChunkCheckNames)
        {
            marks[name] = _findings.FailuresOf(name);
        }

        using var walk = new ChunkWalk(_findings, _member, file!, descriptor, keys);
        var found = walk.Run();
        Conclude(file!, descriptor, found, marks);
        new SealChecks(bundle, take).Run(file!, descriptor);
        ConcludeKeys(file!, found, keys, marks);
        OpenMetadata(file!, keys);
        if (descriptor is not null)
        {
            StreamChecks.Run(_findings, _member, descriptor, found);
        }

        Remember(file!, descriptor, found);
    }

    private static readonly string[] ChunkCheckNames =
    [
        CheckNames.Chunks, CheckNames.Headers, CheckNames.Chain, CheckNames.Commitments, CheckNames.Opening,
        CheckNames.Frames, CheckNames.PacketCounts,
    ];

    private Descriptor? ReadDescriptor(RecordingFile file)
    {
        if (!Descriptor.TryParse(file.Descriptor, out var descriptor, out var reason))
        {
            _findings.Fail(CheckNames.Descriptor, _member, reason);
            return null;
        }

        bundle.Descriptors[take] = descriptor;
        var wrong = descriptor.Take != file.Take || file.Take.ToString("D") != take ? "take"
            : descriptor.Call != file.Call ? "call"
            : bundle.Manifest is { } manifest && manifest.Call != file.Call.ToString("D") ? "call of the manifest"
            : descriptor.Chunks != file.Chunks ? "number of chunks"
            : descriptor.ChainHead != Hex.Of(file.ChainHead) ? "chain head"
            : null;
        _findings.Check(
            CheckNames.Descriptor,
            _member,
            wrong is null,
            "agrees with header, footer and the member's name",
            $"the {wrong} is not the same in member name, header, footer and descriptor");
        return descriptor;
    }

    private DisclosedKeys? ReadKeys()
    {
        if (!bundle.Members.ContainsKey(_keysMember))
        {
            _findings.Skip(CheckNames.Keys, _keysMember, "not decryptable here: keys withheld");
            _findings.Leave($"Take {take}: keys are withheld, so neither content nor loss is checked.");
            return null;
        }

        if (bundle.Read(CheckNames.Keys, _keysMember, Limits.MaxJsonBytes) is not { } bytes)
        {
            return null;
        }

        if (!DisclosedKeys.TryParse(bytes, out var keys, out var reason))
        {
            _findings.Fail(CheckNames.Keys, _keysMember, reason);
            return null;
        }

        return _findings.Check(
            CheckNames.Keys, _keysMember, keys.Take == take, "read", "the keys are of another take") ? keys : null;
    }

    private void Conclude(
        RecordingFile file, Descriptor? descriptor, WalkResult found, Dictionary<string, int> marks)
    {
        PassIfClean(CheckNames.Chunks, marks, $"{file.Chunks} chunks, one after another without holes");
        PassIfClean(CheckNames.Headers, marks, "agree with the file, the descriptor and each other");
        if (!found.Whole)
        {
            _findings.Fail(CheckNames.Chain, _member, "cannot be walked over every chunk");
        }
        else if (!found.ChainHead.AsSpan().SequenceEqual(file.ChainHead))
        {
            _findings.Fail(CheckNames.Chain, _member, "the chunks do not give the footer's chain head");
        }
        else
        {
            PassIfClean(CheckNames.Chain, marks, $"{file.Chunks} chunks give the footer's head");
        }

        var content = SHA256.HashData([.. file.Descriptor.Span, .. file.Metadata.Span]);
        _findings.Check(
            CheckNames.ContentHash,
            _member,
            content.AsSpan().SequenceEqual(file.ContentHash),
            "descriptor and metadata are those of the footer",
            "descriptor or metadata is not what the footer's hash says");
        if ((found.Flags & 1) != 0)
        {
            _findings.Leave($"Take {take} was admitted without the cluster (autonomous).");
        }

        if ((found.Flags & 2) != 0)
        {
            _findings.Leave($"Take {take} was captured under an epoch that had been superseded (staleEpoch).");
        }

        if (found.ClockUnsure)
        {
            _findings.Leave($"Take {take}: the recorder's clock was not synchronised, or not known to be, throughout.");
        }
    }

    private void PassIfClean(string name, Dictionary<string, int> marks, string detail)
    {
        if (_findings.FailuresOf(name) == marks[name])
        {
            _findings.Pass(name, _member, detail);
        }
    }

    private void ConcludeKeys(
        RecordingFile file, WalkResult found, DisclosedKeys? keys, Dictionary<string, int> marks)
    {
        if (keys is null)
        {
            return;
        }

        // A key under a wrong number would otherwise look like a stream that was withheld on purpose.
        var described = bundle.Descriptors.GetValueOrDefault(take)?.Streams.Count ?? 0;
        foreach (var stream in keys.Streams.Where(s => s >= described && !found.Streams.ContainsKey((int)s)))
        {
            _findings.Fail(CheckNames.Keys, _keysMember, $"gives a key for stream {stream}, which the take has not");
        }

        if (found.Withheld > 0)
        {
            _findings.Skip(
                CheckNames.Opening,
                _member,
                $"{found.Withheld} of {file.Chunks} chunks withheld: their keys are not here");
            _findings.Leave($"Take {take}: what {found.Withheld} withheld chunks say is not shown, only their place.");
        }

        PassIfClean(CheckNames.Commitments, marks, "every disclosed key is the one the headers are committed to");
        PassIfClean(CheckNames.Opening, marks, $"{found.Opened} chunks opened");
        PassIfClean(CheckNames.Frames, marks, $"of {found.Opened} chunks parsed");
        PassIfClean(CheckNames.PacketCounts, marks, "every opened chunk holds as many packets as its header says");
    }

    private void OpenMetadata(RecordingFile file, DisclosedKeys? keys)
    {
        if (keys?.Metadata is not { } key)
        {
            _findings.Skip(CheckNames.Metadata, _member, "its key is withheld");
            return;
        }

        _findings.Check(
            CheckNames.Metadata,
            _member,
            SealedJson.TryOpen(file.Metadata.Span, key, file.Take, out var reason),
            "opens and is canonical JSON",
            reason ?? "");
    }

    private void Remember(RecordingFile file, Descriptor? descriptor, WalkResult found) =>
        bundle.Takes.Add(new TakeSummary
        {
            Take = take,
            Chunks = file.Chunks,
            Withheld = found.Withheld,
            Streams = descriptor?.Streams.Count ?? found.Streams.Count,
            Packets = descriptor?.Streams.Sum(s => s.Packets) ?? 0,
            Lost = descriptor?.Streams.Sum(s => s.Lost) ?? 0,
            StartedAt = UnixTime.Of(descriptor?.Json.NumberOf("startedAt")),
            EndedAt = UnixTime.Of(descriptor?.Json.NumberOf("endedAt")),
        });
}
