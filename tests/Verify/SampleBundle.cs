using System.Security.Cryptography;
using System.Text;

namespace Talreg.Verify.Tests;

/// <summary>
/// A bundle of a call of two PCMA streams, written from FORMAT.md alone. Every stage can be changed before the next is
/// built on it: chunks, then the descriptor, then the seal, then the members, then the manifest.
/// </summary>
internal sealed class SampleBundle
{
    public const long StartedAt = 1_795_000_000_000;

    public SampleBundle(int seconds = 1, int leaves = 7, byte takeNumber = 1, int[]? missing = null)
    {
        Take = new SampleTake
        {
            Call = Guid.Parse("01999999-0000-7000-8000-00000000000c"),
            Take = Guid.Parse($"01999999-0000-7000-8000-0000000000{takeNumber:x2}"),
            Seconds = seconds,
            Missing = missing ?? [],
        };
        Leaves = leaves;
        Take.Record();
        var lost = Take.Missing.Length;
        Descriptor = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["version"] = 1,
            ["tenant"] = Take.Tenant,
            ["site"] = "s1",
            ["call"] = Take.Call.ToString(),
            ["take"] = TakeId,
            ["kind"] = "call",
            ["gateway"] = "gw1",
            ["interface"] = "if1",
            ["epoch"] = 7,
            ["startedAt"] = StartedAt,
            ["endedAt"] = StartedAt + (seconds * 1000),
            ["startMonotonicNs"] = (5_000_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["bootId"] = Take.Boot.ToString(),
            ["endReason"] = "bye",
            ["flags"] = Array.Empty<string>(),
            ["gaps"] = Array.Empty<string>(),
            ["streams"] = new[] { Stream(0, (seconds * 50) - lost, lost), Stream(1, seconds * 50, 0) },
        };
    }

    public SampleTake Take { get; }

    public string TakeId => Take.Take.ToString();

    public SampleLog Log { get; init; } = new(3, "acme");

    public int Leaves { get; }

    public int WavRate { get; init; } = 8000;

    public Dictionary<string, object?> Descriptor { get; }

    public Dictionary<string, byte[]> Members { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, object?> SealBody { get; private set; } = [];

    public Dictionary<string, object?> First => ((Dictionary<string, object?>[])Descriptor["streams"]!)[0];

    /// <summary>Builds the recording over the chunks as they are now.</summary>
    public byte[] Recording()
    {
        var head = Take.Head(Take.Chunks);
        Descriptor["chunks"] = Take.Chunks.Count;
        Descriptor["chainHead"] = Convert.ToHexStringLower(head);
        return Take.File(SampleJson.Of(Descriptor), Take.SealJson("{\"participants\":[]}"u8.ToArray()), head);
    }

    /// <summary>Builds every member but the manifest over the recording as it is now.</summary>
    public SampleBundle MakeMembers()
    {
        var recording = Recording();
        Members["README.txt"] = "How to check this.\n"u8.ToArray();
        Members["audio.wav"] = Wav(Take.Seconds, WavRate);
        Members["key"] = Encoding.ASCII.GetBytes(Log.VerifierKey + "\n");
        Members[$"takes/{TakeId}.trec"] = recording;
        Members[$"takes/{TakeId}.keys.json"] = SampleJson.Of(Keys());
        Members["call.json"] = SampleJson.Of(CallJson());
        MakeSeal(recording[^64..^32]);
        return this;
    }

    public void MakeSeal(byte[] contentHash)
    {
        SealBody = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["call"] = Take.Call.ToString(),
            ["take"] = TakeId,
            ["tenant"] = Take.Tenant,
            ["chunks"] = Take.Chunks.Count,
            ["chainHead"] = Descriptor["chainHead"],
            ["contentHash"] = Convert.ToHexStringLower(contentHash),
            ["startedAt"] = Descriptor["startedAt"],
            ["endedAt"] = Descriptor["endedAt"],
            ["endReason"] = "bye",
        };
        var (index, salt, body) = (Leaves / 2, SampleTake.Bytes(0x5a, 32), SampleJson.Of(SealBody));
        Log.Entries.Clear();
        for (var i = 0; i < Leaves; i++)
        {
            Log.Entries.Add(SampleLog.Entry(i, salt, i == index ? body : SampleTake.Bytes((byte)i, 10)));
        }

        Members["checkpoint"] = Log.Checkpoint();
        Members[$"ledger/{TakeId}.json"] = SampleJson.Of(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["entry"] = Convert.ToHexStringLower(Log.Entries[index]),
            ["index"] = index,
            ["opening"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["body"] = SealBody,
                ["salt"] = Convert.ToHexStringLower(salt),
            },
            ["proof"] = Log.Proof(index).Select(Convert.ToHexStringLower).ToArray(),
            ["treeSize"] = Leaves,
        });
    }

    /// <summary>Writes the manifest over the members as they are now, and zips them.</summary>
    /// <param name="signer">Who signs; the log when null.</param>
    public byte[] Zip(SampleLog? signer = null)
    {
        Members.Remove("MANIFEST");
        var text = new StringBuilder($"talreg bundle 1\n{Take.Call}\n");
        foreach (var (name, data) in Members.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            text.Append($"{Convert.ToHexStringLower(SHA256.HashData(data))} {data.Length} {name}\n");
        }

        Members["MANIFEST"] = (signer ?? Log).Sign(text.ToString());
        return SampleZip.Of(Members);
    }

    public static byte[] Clean() => new SampleBundle().MakeMembers().Zip();

    public Dictionary<string, object?> Keys(int? withheldSlotOfFirst = null)
    {
        var first = new Dictionary<string, object?>(StringComparer.Ordinal) { ["stream"] = 0 };
        if (withheldSlotOfFirst is { } withheld)
        {
            first["slots"] = Enumerable.Range(0, Take.Seconds).Where(s => s != withheld)
                .Select(s => new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["key"] = Convert.ToHexStringLower(Take.SlotKey(0, s)),
                    ["slot"] = s,
                }).ToArray();
        }
        else
        {
            first["key"] = Convert.ToHexStringLower(Take.StreamKey(0));
        }

        return new(StringComparer.Ordinal)
        {
            ["take"] = TakeId,
            ["metadata"] = Convert.ToHexStringLower(Take.MetadataKey()),
            ["streams"] = new[]
            {
                first,
                new(StringComparer.Ordinal) { ["stream"] = 1, ["key"] = Convert.ToHexStringLower(Take.StreamKey(1)) },
            },
        };
    }

    public Dictionary<string, object?> CallJson() => new(StringComparer.Ordinal)
    {
        ["id"] = Take.Call.ToString(),
        ["tenant"] = Take.Tenant,
        ["state"] = "sealed",
        ["takes"] = new[]
        {
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["id"] = TakeId, ["sealed"] = true, ["committedChunks"] = Take.Chunks.Count,
            },
        },
    };

    private static byte[] Wav(int seconds, int rate)
    {
        var length = seconds * rate * 4;
        byte[] Le(long value, int width) => [.. Enumerable.Range(0, width).Select(i => (byte)(value >> (8 * i)))];
        return
        [
            .. "RIFF"u8, .. Le(36 + length, 4), .. "WAVEfmt "u8, .. Le(16, 4), .. Le(1, 2), .. Le(2, 2), .. Le(rate, 4),
            .. Le(rate * 4, 4), .. Le(4, 2), .. Le(16, 2), .. "data"u8, .. Le(length, 4), .. new byte[length],
        ];
    }

    private static Dictionary<string, object?> Stream(int index, int packets, int lost) => new(StringComparer.Ordinal)
    {
        ["index"] = index,
        ["label"] = $"{index + 1}",
        ["codec"] = "PCMA",
        ["clockRate"] = 8000,
        ["payloadType"] = 8,
        ["packets"] = packets,
        ["lost"] = lost,
        ["kernelDrops"] = 0,
        ["late"] = 0,
        ["foreign"] = 0,
        ["firstAt"] = StartedAt,
        ["lastAt"] = StartedAt + 980,
    };
}
