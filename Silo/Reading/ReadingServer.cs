using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Net.Http.Headers;
using Talreg.Silo.Hosting.Cluster;
using Talreg.Store;
using Talreg.Store.Reading;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Reading;

/// <summary>Where and how a gateway is read.</summary>
/// <param name="Listen">The address, with its port.</param>
/// <param name="Tls">Certificates; null for none, on loopback only.</param>
internal sealed record ReadingOptions(IPEndPoint Listen, ClusterTls? Tls)
{
    /// <summary>What silos are told.</summary>
    public Uri Address { get; } = new(Tls is null ? $"http://{Listen}/" : $"https://{Listen}/");
}

/// <summary>
/// Gives silos what this gateway recorded: ranges of sealed recordings as they lie there, and the keys of one take.
/// HTTP/2 on an address of its own, under mutual TLS, against a ticket for each request. It decrypts nothing, and
/// steps back while the gateway sheds load: recording comes first.
/// </summary>
/// <remarks>An answer other than 2xx has a JSON body <c>{"refusal": name, "detail": text}</c>.</remarks>
internal sealed class ReadingServer(
    ReadingOptions options, TicketDesk desk, RecordingStore recordings, Func<bool> isShedding, ILoggerFactory loggers)
    : IHostedService, IAsyncDisposable
{
    /// <summary>The authorization scheme of a ticket.</summary>
    public const string Scheme = "Ticket";

    /// <summary>The most requests answered at once.</summary>
    public const int MaxReadings = 16;

    private const int BufferBytes = 64 * 1024;

    private readonly SemaphoreSlim _places = new(MaxReadings);
    private readonly ILogger _logger = loggers.CreateLogger<ReadingServer>();
    private WebApplication? _app;
    private long _bytesGiven;
    private long _turnedAway;

    /// <summary>Bytes of recordings given, since the start.</summary>
    public long BytesGiven => Interlocked.Read(ref _bytesGiven);

    /// <summary>Requests turned away because there were too many, or the gateway shed load.</summary>
    public long TurnedAway => Interlocked.Read(ref _turnedAway);

    /// <summary>What became of a ticket, as answers and metrics name it.</summary>
    public static string Word(TicketRefusal outcome) => outcome == TicketRefusal.None
        ? "accepted"
        : JsonNamingPolicy.CamelCase.ConvertName(outcome.ToString());

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "talreg" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(Configure);
        _app = builder.Build();
        _app.MapGet("/takes/{tenant}/{take:guid}/bytes", BytesAsync);
        _app.MapGet("/takes/{tenant}/{take:guid}/keys", KeysAsync);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) =>
        _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync().ConfigureAwait(false);
        }

        _places.Dispose();
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Listen(options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (options.Tls is { } tls)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(tls.ServerOptions()),
                    HandshakeTimeout = ClusterTls.HandshakeWithin,
                });
            }
        });
    }

    private async Task BytesAsync(HttpContext http, string tenant, Guid take)
    {
        if (!TryRange(http.Request, out var first, out var length))
        {
            await RefuseAsync(http, 400, "noRange", "Ask for one range of bytes with both its ends.")
                .ConfigureAwait(false);
            return;
        }

        if (await AdmitAsync(http, new ReadRequest(tenant, take, ReadKind.Bytes, first, length))
                .ConfigureAwait(false) is not null)
        {
            await InPlaceAsync(http, tenant, take, reader => SendAsync(http, reader, first, length))
                .ConfigureAwait(false);
        }
    }

    private async Task KeysAsync(HttpContext http, string tenant, Guid take)
    {
        if (await AdmitAsync(http, new ReadRequest(tenant, take, ReadKind.Keys)).ConfigureAwait(false) is { } ticket)
        {
            await InPlaceAsync(http, tenant, take, reader => SendKeysAsync(http, reader, ticket)).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the request's ticket. Null when the refusal has been written.</summary>
    private async Task<ReadTicket?> AdmitAsync(HttpContext http, ReadRequest asked)
    {
        var header = http.Request.Headers.Authorization;
        var token = header.Count == 1 && header[0]!.StartsWith(Scheme + " ", StringComparison.Ordinal)
            ? header[0]![(Scheme.Length + 1)..]
            : null;
        var outcome = desk.Take(token, asked, out var ticket);
        if (outcome != TicketRefusal.None)
        {
            var status = outcome is TicketRefusal.NoKey or TicketRefusal.Busy ? 503 : 401;
            await RefuseAsync(http, status, Word(outcome), Describe(outcome)).ConfigureAwait(false);
        }

        return ticket;
    }

    private async Task InPlaceAsync(HttpContext http, string tenant, Guid take, Func<RecordingReader, Task> send)
    {
        var hasPlace = !isShedding() && await _places.WaitAsync(0, CancellationToken.None).ConfigureAwait(false);
        if (!hasPlace)
        {
            Interlocked.Increment(ref _turnedAway);
            await RefuseAsync(http, 503, "busy", "This gateway is busy recording or read by many; ask again later.")
                .ConfigureAwait(false);
            return;
        }

        try
        {
            if (!recordings.TryOpen(tenant, take, out var reader))
            {
                await RefuseAsync(http, 404, "unknown", "There is no such recording here.").ConfigureAwait(false);
                return;
            }

            using (reader)
            {
                await send(reader).ConfigureAwait(false);
            }
        }
        catch (StoreException e)
        {
            _logger.RecordingUnreadable(take, e);
            if (http.Response.HasStarted)
            {
                http.Abort();
            }
            else
            {
                await RefuseAsync(http, 500, "unreadable", "The recording cannot be read; see this gateway's log.")
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task SendAsync(HttpContext http, RecordingReader reader, long first, long length)
    {
        var total = reader.Info.Bytes;
        if (first >= total)
        {
            http.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{total}");
            await RefuseAsync(http, 416, "outsideRecording", "The range begins after the end.").ConfigureAwait(false);
            return;
        }

        var end = Math.Min(first + length, total);
        var response = http.Response;
        response.StatusCode = 206;
        response.ContentType = "application/octet-stream";
        response.ContentLength = end - first;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentRange = string.Create(
            CultureInfo.InvariantCulture, $"bytes {first}-{end - 1}/{total}");
        var buffer = new byte[BufferBytes];
        while (first < end)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - first));
            var read = reader.Read(first, part.Span);
            if (read == 0)
            {
                http.Abort();
                return;
            }

            await response.Body.WriteAsync(part[..read], http.RequestAborted).ConfigureAwait(false);
            first += read;
            Interlocked.Add(ref _bytesGiven, read);
        }
    }

    private async Task SendKeysAsync(HttpContext http, RecordingReader reader, ReadTicket ticket)
    {
        using var keys = recordings.GetOpeningKeys(reader);
        if (keys is null)
        {
            await RefuseAsync(http, 410, "erased", "The key of this take was destroyed.").ConfigureAwait(false);
            return;
        }

        _logger.KeysGiven(ticket.Take, ticket.Call, ticket.Actor, ticket.Purpose);
        var bytes = keys.Span.ToArray();
        try
        {
            http.Response.ContentType = "application/octet-stream";
            http.Response.ContentLength = bytes.Length;
            http.Response.Headers.CacheControl = "no-store";
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static bool TryRange(HttpRequest request, out long first, out long length)
    {
        first = length = 0;
        if (request.Headers.Range.Count != 1
            || !RangeHeaderValue.TryParse(request.Headers.Range[0], out var header)
            || header.Unit != "bytes"
            || header.Ranges.Count != 1
            || header.Ranges.Single() is not { From: { } from, To: { } to })
        {
            return false;
        }

        first = from;
        length = to - from + 1;
        return length > 0;
    }

    private static Task RefuseAsync(HttpContext http, int status, string refusal, string detail)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new ReadingProblem(refusal, detail), http.RequestAborted);
    }

    private static string Describe(TicketRefusal refusal) => refusal switch
    {
        TicketRefusal.NoKey => "The cluster has not said yet by which key tickets are checked; ask again.",
        TicketRefusal.Busy => "Too many tickets were shown of late; ask again.",
        TicketRefusal.Expired or TicketRefusal.TooLong =>
            "The ticket's time does not fit this gateway's clock; see that both machines' clocks are right.",
        TicketRefusal.Foreign => "The ticket is for another gateway, another start of it, or another take.",
        TicketRefusal.Forged =>
            "The ticket is not signed by this cluster's key; see that all silos have one cluster-key.",
        TicketRefusal.UsedUp => "The ticket was shown before; each opens once.",
        TicketRefusal.OutsideRange => "The ticket does not name these bytes.",
        _ => "Show one ticket: Authorization: Ticket …",
    };
}

/// <summary>Why something is not given.</summary>
/// <param name="Refusal">A name.</param>
/// <param name="Detail">What it means, for a person.</param>
internal sealed record ReadingProblem(string Refusal, string Detail);
