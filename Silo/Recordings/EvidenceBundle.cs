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

namespace Talreg.Silo.Recordings;

/// <summary>
/// An evidence bundle, written straight from the recording: nothing decrypted ever lies in a file of ours. It is written twice, the
/// first time only to learn its length.
/// </summary>
internal sealed class EvidenceBundle : IEvidenceBundle
{
    private readonly string _call;
    private readonly IReadOnlyCollection<BundleMember> _members;
    private readonly OpenedTakes _takes;
    private readonly Func<string, Task<string>> _sign;

    private EvidenceBundle(
        string call, IReadOnlyCollection<BundleMember> members, OpenedTakes takes, Func<string, Task<string>> sign)
    {
        _call = call;
        _members = members;
        _takes = takes;
        _sign = sign;
    }

    /// <inheritdoc />
    public long Length { get; private set; }

    /// <summary>Gathers a call's members (FORMAT.md §8) and learns the length of what they make.</summary>
    /// <param name="call">The call.</param>
    /// <param name="wav">Its takes, heard as one.</param>
    /// <param name="takes">Its sealed takes, all of them; the bundle's own once it is made.</param>
    /// <param name="grains">The cluster.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<EvidenceBundle> PrepareAsync(
        CallDocument call,
        CallWav wav,
        OpenedTakes takes,
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
        var proved = call.Takes.Where(take => take.Sealed && take.Leaf is not null).ToList();
        var proofs = await ledger.ProveAllAsync([.. proved.Select(take => take.Leaf!.Value)]).ConfigureAwait(false);
        foreach (var (take, proof) in proved.Zip(proofs))
        {
            var opened = takes.Find(take.Id) ?? throw new RefusalException(
                RefusalKind.NotFound, $"The recording of take {take.Id} is not with gateway {take.Gateway}.");
            members.Add(BundleMember.FromBytes(
                $"ledger/{take.Id}.json",
                LedgerProofDocument.ToJson(
                    proof.Entry, proof.Leaf, proof.Salt, proof.Body, proof.Path, proof.TreeSize)));
            AddTake(members, take, opened);
        }

        members.Add(Text("checkpoint", proofs[0].Checkpoint));
        if (proofs[0].Timestamp is { } token)
        {
            members.Add(BundleMember.FromBytes("checkpoint.tst", token));
        }

        string? signed = null;
        var bundle = new EvidenceBundle(
            call.Id.ToString(), members, takes, async text =>
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
    public ValueTask DisposeAsync()
    {
        _takes.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void AddTake(List<BundleMember> members, TakeDocument take, OpenTake opened)
    {
        members.Add(new BundleMember(
            $"takes/{take.Id}.trec", opened.Recording.Info.Bytes, opened.Recording.OpenStream));
        if (opened.Keys is { } keys)
        {
            members.Add(BundleMember.FromBytes($"takes/{take.Id}.keys.json", Disclose(take, keys)));
        }
    }

    private static byte[] Disclose(TakeDocument take, OpeningKeys keys) => CanonicalJson.Write(new JsonObject
    {
        ["streams"] = new JsonArray([.. take.Streams.Select(stream => (JsonNode)new JsonObject
        {
            ["key"] = Convert.ToHexStringLower(keys.Stream(stream.Index)), ["stream"] = stream.Index,
        })]),
        ["metadata"] = Convert.ToHexStringLower(keys.Metadata),
        ["take"] = take.Id.ToString(),
    });

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
