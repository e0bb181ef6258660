using System.Net;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Evidence.Keys;
using Talreg.Evidence.Ledger;
using Talreg.Silo.Recordings;
using Talreg.Store;
using Talreg.Store.Reading;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Reading;

/// <summary>
/// Takes read at the gateways that hold them: a recording is copied, as ciphertext, in ranges that each have a ticket
/// of their own; then its keys are asked for. Both are gone when the take is closed.
/// </summary>
internal sealed class GatewayTakes(
    IGrainFactory grains, ReadingClient client, LogSigner signer, Spool spool, TimeProvider clock) : ITakes
{
    /// <summary>The longest recording that is copied.</summary>
    public const long MaxRecordingBytes = 64L << 30;

    private static readonly TimeSpan TicketLife = ReadTicket.MaxLife / 2;
    private static readonly TimeSpan FindWithin = TimeSpan.FromSeconds(3);

    /// <inheritdoc />
    public async ValueTask<OpenTake?> OpenAsync(
        CallDocument call, TakeDocument take, RecordingUse use, CancellationToken cancellationToken)
    {
        var from = new Source(call, take, use, await FindAsync(call, take, cancellationToken).ConfigureAwait(false));
        var copy = spool.Begin();
        OpeningKeys? keys = null;
        try
        {
            if (!await CopyAsync(from, copy.Path, cancellationToken).ConfigureAwait(false))
            {
                copy.Dispose();
                return null;
            }

            keys = await KeysAsync(from, cancellationToken).ConfigureAwait(false);
            return new OpenTake(Open(from, copy.Path), keys, copy);
        }
        catch (Exception e)
        {
            keys?.Dispose();
            copy.Dispose();
            if (e is HttpRequestException or TimeoutException or ReadingRefusedException or StoreException)
            {
                throw from.Refuse(e.Message);
            }

            throw;
        }
    }

    private async Task<GatewayReading> FindAsync(
        CallDocument call, TakeDocument take, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IGatewayGrain>(Names.Key(call.Tenant, take.Gateway)).GetReadingAsync()
                .WaitAsync(FindWithin, clock, cancellationToken).ConfigureAwait(false)
                ?? throw new RefusalException(
                    RefusalKind.Unavailable,
                    $"Take {take.Id} lies with gateway {take.Gateway}, which has not told the cluster where it is read: "
                    + "see that it runs, and ask again in a few seconds.");
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            throw new RefusalException(
                RefusalKind.Unavailable,
                $"Take {take.Id} lies with gateway {take.Gateway}; the cluster does not answer where that is: "
                + e.Message);
        }
    }

    private async Task<bool> CopyAsync(Source from, string path, CancellationToken cancellationToken)
    {
        var file = new FileStream(
            path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        await using var closing = file.ConfigureAwait(false);
        long total = 1;
        for (long first = 0; first < total; first += ReadTicket.MaxRange)
        {
            try
            {
                total = await client.CopyAsync(
                    from.Address("bytes"),
                    Ticket(from, ReadKind.Bytes, first, ReadTicket.MaxRange),
                    first,
                    ReadTicket.MaxRange,
                    file,
                    cancellationToken).ConfigureAwait(false);
            }
            catch (ReadingRefusedException e) when (e.Status == HttpStatusCode.NotFound)
            {
                return false;
            }

            if (total > MaxRecordingBytes)
            {
                throw from.Refuse($"it has {total} bytes; at most {MaxRecordingBytes} are copied");
            }
        }

        return true;
    }

    private async Task<OpeningKeys?> KeysAsync(Source from, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetKeysAsync(from.Address("keys"), Ticket(from, ReadKind.Keys, 0, 0), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ReadingRefusedException e) when (e.Status == HttpStatusCode.Gone)
        {
            return null;
        }
    }

    private static RecordingReader Open(Source from, string path)
    {
        var reader = RecordingReader.Open(path);
        if (reader.Info.TakeId == from.Take.Id.Value && reader.Info.Tenant == from.Call.Tenant)
        {
            return reader;
        }

        reader.Dispose();
        throw from.Refuse($"it gave take {reader.Info.TakeId} of {reader.Info.Tenant} in its place");
    }

    private string Ticket(Source from, ReadKind kind, long first, int length) => new ReadTicket
    {
        Id = Guid.NewGuid(),
        Gateway = from.Take.Gateway,
        Incarnation = from.Reading.Incarnation,
        Tenant = from.Call.Tenant,
        Call = from.Call.Id.Value,
        Take = from.Take.Id.Value,
        Kind = kind,
        Actor = Shorten(from.Use.Actor),
        Purpose = Shorten(from.Use.Purpose),
        First = first,
        Length = length,
        Expires = clock.GetUtcNow() + TicketLife,
    }.Sign(signer);

    private static string Shorten(string text) => text.Length <= ReadTicket.MaxText ? text : text[..ReadTicket.MaxText];

    /// <summary>What is read, where, for whom.</summary>
    private sealed record Source(CallDocument Call, TakeDocument Take, RecordingUse Use, GatewayReading Reading)
    {
        public Uri Address(string what) => new(Reading.Address, $"takes/{Call.Tenant}/{Take.Id}/{what}");

        public RefusalException Refuse(string reason) => new(
            RefusalKind.Unavailable,
            $"Take {Take.Id} lies with gateway {Take.Gateway}, which cannot be read at {Reading.Address}: {reason.TrimEnd('.')}. "
            + "See that it runs and that this machine reaches that address; the recording is kept there.");
    }
}
