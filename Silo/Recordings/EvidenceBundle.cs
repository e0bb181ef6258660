using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Bundles;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Media.Wav;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Recordings;

/// <summary>
/// An evidence bundle, written straight from the recording: nothing decrypted ever lies in a file of ours. It is written twice, the
/// first time only to learn its length.
/// </summary>
internal sealed class EvidenceBundle : IEvidenceBundle
{
    private readonly string _call;
    private readonly IReadOnlyCollection<BundleMember> _members;
    private readonly Func<string, Task<string>> _sign;

    private EvidenceBundle(string call, IReadOnlyCollection<BundleMember> members, Func<string, Task<string>> sign)
    {
        _call = call;
        _members = members;
        _sign = sign;
    }

    /// <inheritdoc />
    public long Length { get; private set; }

    /// <summary>Gathers a call's members (FORMAT.md §8) and learns the length of what they make.</summary>
    public static async Task<EvidenceBundle> PrepareAsync(
        CallDocument call,
        CallWav wav,
        RecordingStore recordings,
        IGrainFactory grains,
        CancellationToken cancellationToken)
    {
        var ledger = grains.GetGrain<ILedgerGrain>(call.Tenant);
        var members = new List<BundleMember>
        {
            BundleReadme.ToMember(),
            VerifierPage.ToMember(),
            BundleMember.FromBytes(
                "call.json", CanonicalJson.Write(JsonSerializer.SerializeToNode(call, TalregJson.Options))),
            new("audio.wav", wav.Length, wav.OpenRead),
            Text("key", await ledger.GetVerifierKeyAsync().ConfigureAwait(false)),
        };

        // At once, so that all proofs lead to the one checkpoint in the bundle.
        var takes = call.Takes.Where(take => take.Sealed && take.Leaf is not null).ToList();
        var proofs = await ledger.ProveAllAsync([.. takes.Select(take => take.Leaf!.Value)]).ConfigureAwait(false);
        foreach (var (take, proof) in takes.Zip(proofs))
        {
            members.Add(BundleMember.FromBytes(
                $"ledger/{take.Id}.json",
                LedgerProofDocument.ToJson(
                    proof.Entry, proof.Leaf, proof.Salt, proof.Body, proof.Path, proof.TreeSize)));
            AddTake(members, recordings, call.Tenant, take);
        }

        members.Add(Text("checkpoint", proofs[0].Checkpoint));
        if (proofs[0].Timestamp is { } token)
        {
            members.Add(BundleMember.FromBytes("checkpoint.tst", token));
        }

        string? signed = null;
        var bundle = new EvidenceBundle(
            call.Id.ToString(), members, async text =>
                signed ??= await ledger.SignManifestAsync(text).ConfigureAwait(false));
        var counter = new CountingStream();
        await using (counter.ConfigureAwait(false))
        {
            await bundle.CopyToAsync(counter, cancellationToken).ConfigureAwait(false);
            bundle.Length = counter.Length;
        }

        return bundle;
    }

    /// <inheritdoc />
    public async ValueTask CopyToAsync(Stream destination, CancellationToken cancellationToken) =>
        await BundleWriter.WriteAsync(destination, _call, _members, _sign, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void AddTake(List<BundleMember> members, RecordingStore recordings, string tenant, TakeDocument take)
    {
        if (!recordings.TryOpen(tenant, take.Id.Value, out var reader))
        {
            throw new RefusalException(RefusalKind.NotFound, $"The recording of take {take.Id} is not here.");
        }

        using (reader)
        {
            members.Add(BundleMember.FromFile($"takes/{take.Id}.trec", reader.Info.Path));
        }

        Span<byte> takeKey = stackalloc byte[KeyTree.KeySize];
        if (recordings.TryGetTakeKey(tenant, take.Id.Value, takeKey))
        {
            members.Add(BundleMember.FromBytes($"takes/{take.Id}.keys.json", Keys(take, takeKey)));
            CryptographicOperations.ZeroMemory(takeKey);
        }
    }

    private static byte[] Keys(TakeDocument take, ReadOnlySpan<byte> takeKey)
    {
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        var streams = new JsonArray();
        foreach (var stream in take.Streams)
        {
            KeyTree.StreamKey(takeKey, (ushort)stream.Index, key);
            streams.Add(
                (JsonNode)new JsonObject { ["key"] = Convert.ToHexStringLower(key), ["stream"] = stream.Index });
        }

        KeyTree.MetadataKey(takeKey, key);
        var keys = new JsonObject
        {
            ["streams"] = streams,
            ["metadata"] = Convert.ToHexStringLower(key),
            ["take"] = take.Id.ToString(),
        };
        CryptographicOperations.ZeroMemory(key);
        return CanonicalJson.Write(keys);
    }

    private static BundleMember Text(string name, string text) =>
        BundleMember.FromBytes(name, Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : text + "\n"));

    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _length += buffer.Length;
            return ValueTask.CompletedTask;
        }
    }
}
