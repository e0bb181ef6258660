using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>The seal of one take: its opening, its body, its place in the log (FORMAT §6, §8).</summary>
internal sealed class SealChecks(BundleContext bundle, string take)
{
    private const int EntryLength = 58;
    private const int MaxPath = 63;
    private readonly Findings _findings = bundle.Findings;
    private readonly string _member = $"ledger/{take}.json";

    public void Run(RecordingFile file, Descriptor? descriptor)
    {
        if (bundle.Read(CheckNames.SealOpening, _member, Limits.MaxJsonBytes) is not { } bytes)
        {
            return;
        }

        if (!CanonicalJson.TryParse(bytes, out var json, out var reason))
        {
            _findings.Fail(CheckNames.SealOpening, _member, reason);
            return;
        }

        if (!Hex.TryParse(json.TextOf("entry"), EntryLength, out var entry)
            || json.NumberOf("index") is not { } index
            || json.NumberOf("treeSize") is not { } size
            || json["opening"]?["body"] is not { Kind: JsonKind.Object } body
            || !Hex.TryParse(json["opening"]?.TextOf("salt"), 32, out var salt)
            || Path(json) is not { } path)
        {
            _findings.Fail(
                CheckNames.SealOpening, _member, "entry, index, opening, proof or treeSize is missing or malformed");
            return;
        }

        CheckOpening(entry, index, salt, body);
        CheckBody(body, file, descriptor);
        CheckInclusion(entry, index, size, path);
    }

    private static List<byte[]>? Path(JsonItem json)
    {
        if (json.ListOf("proof") is not { Count: <= MaxPath } items)
        {
            return null;
        }

        var path = new List<byte[]>();
        foreach (var item in items)
        {
            if (!Hex.TryParse(item.Text, 32, out var hash))
            {
                return null;
            }

            path.Add(hash);
        }

        return path;
    }

    private void CheckOpening(byte[] entry, long index, byte[] salt, JsonItem body)
    {
        var sequence = BinaryPrimitives.ReadUInt64BigEndian(entry.AsSpan(2));
        var commitment = SHA256.HashData([.. "talreg/1/leaf"u8, .. salt, .. body.Raw.Span]);
        var wrong = entry[0] != 1 ? "the entry is not version 1"
            : entry[1] != 1 ? "the entry is no seal"
            : sequence != (ulong)index ? "the entry's sequence is not its index"
            : BinaryPrimitives.ReadUInt64BigEndian(entry.AsSpan(18)) != 0 ? "the entry's reserved bytes are set"
            : !commitment.AsSpan().SequenceEqual(entry.AsSpan(26)) ? "salt and body do not give the entry's commitment"
            : null;
        _findings.Check(
            CheckNames.SealOpening, _member, wrong is null, "salt and body give the entry's commitment", wrong ?? "");
    }

    private void CheckBody(JsonItem body, RecordingFile file, Descriptor? descriptor)
    {
        var wrong = new List<string>();
        void Text(string name, string? expected)
        {
            if (expected is null || body.TextOf(name) != expected)
            {
                wrong.Add(name);
            }
        }

        void Number(string name, long? expected)
        {
            if (expected is null || body.NumberOf(name) != expected)
            {
                wrong.Add(name);
            }
        }

        Text("call", file.Call.ToString("D"));
        Text("take", file.Take.ToString("D"));
        Text("tenant", descriptor?.Tenant);
        Number("chunks", file.Chunks);
        Text("chainHead", Hex.Of(file.ChainHead));
        Text("contentHash", Hex.Of(file.ContentHash));
        Number("startedAt", descriptor?.Json.NumberOf("startedAt"));
        Number("endedAt", descriptor?.Json.NumberOf("endedAt"));
        Text("endReason", descriptor?.Json.TextOf("endReason"));
        _findings.Check(
            CheckNames.SealBody,
            _member,
            wrong.Count == 0,
            "agrees with the recording",
            $"differs from the recording in {string.Join(", ", wrong)}");
    }

    private void CheckInclusion(byte[] entry, long index, long size, List<byte[]> path)
    {
        if (bundle.Checkpoint is not { } checkpoint)
        {
            _findings.Fail(CheckNames.Inclusion, _member, "there is no checkpoint that reads");
        }
        else if (size != checkpoint.Size)
        {
            _findings.Fail(
                CheckNames.Inclusion,
                _member,
                $"its proof is for {size} entries, the checkpoint has {checkpoint.Size}");
        }
        else
        {
            _findings.Check(
                CheckNames.Inclusion,
                _member,
                Inclusion.Proves(entry, index, size, path, checkpoint.Root),
                $"entry {index} of {size} leads to the checkpoint's root",
                $"entry {index} does not lead to the checkpoint's root");
        }
    }
}
