using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Hosting;

/// <summary>
/// Makes the read model anew from what is true: the ledger says which calls there were and in which order, each
/// recording says what its call was. Calls that are live meanwhile put themselves back with their next transition.
/// </summary>
internal sealed class ReadModelRebuild(IGrainFactory grains, RecordingStore recordings, ICallIndex index)
{
    /// <summary>Drops a tenant's read model and fills it again.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="progress">Told the number of calls put back.</param>
    /// <param name="cancellationToken">Stops; the read model is then incomplete and must be rebuilt again.</param>
    /// <returns>Calls put back, and seals whose recording could not be read any more (erased, or not on this machine).</returns>
    public async Task<(long Calls, long Unreadable)> RunAsync(
        string tenant, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await index.ClearAsync(cancellationToken).ConfigureAwait(false);
        var ledger = grains.GetGrain<ILedgerGrain>(tenant);
        long next = 0;
        long calls = 0;
        long unreadable = 0;
        while (await ledger.ReadAsync(next).ConfigureAwait(false) is { Count: > 0 } leaves)
        {
            foreach (var leaf in leaves)
            {
                next = leaf.Leaf + 1;
                if (leaf.Kind is not (LedgerEventKind.Seal or LedgerEventKind.Decision))
                {
                    continue;
                }

                if (Restore(tenant, leaf) is { } call)
                {
                    await index.PutAsync(call, cancellationToken).ConfigureAwait(false);
                    calls++;
                    progress?.Report(calls);
                }
                else
                {
                    unreadable++;
                }
            }
        }

        return (calls, unreadable);
    }

    private CallDocument? Restore(string tenant, LedgerRecord leaf)
    {
        var body = JsonNode.Parse(leaf.Body)!;
        if (leaf.Kind == LedgerEventKind.Decision)
        {
            return body["document"].Deserialize<CallDocument>(TalregJson.Options)! with
            {
                Evidence = new EvidenceDocument(leaf.Receipt.Leaf, leaf.Receipt.CheckpointSize),
            };
        }

        return Metadata(tenant, Guid.ParseExact(body["take"]!.GetValue<string>(), "D")) is { } metadata
            ? CallTransitions.Seal(
                metadata["document"].Deserialize<CallDocument>(TalregJson.Options)!,
                new TakeSealed(
                    metadata["take"].Deserialize<TakeDocument>(TalregJson.Options)!,
                    metadata["endedAt"].Deserialize<DateTimeOffset>(TalregJson.Options),
                    metadata["reason"].Deserialize<EndReason>(TalregJson.Options),
                    metadata["flags"].Deserialize<List<string>>(TalregJson.Options)!,
                    leaf.Receipt,
                    metadata["admission"].Deserialize<CallAdmitted>(TalregJson.Options)!))
            : null;
    }

    private JsonObject? Metadata(string tenant, Guid take)
    {
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        try
        {
            if (!recordings.TryGetTakeKey(tenant, take, key) || !recordings.TryOpen(tenant, take, out var reader))
            {
                return null;
            }

            using (reader)
            {
                return reader.TryReadMetadata(key, out var metadata, out _) ? metadata : null;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
