using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Talreg.Evidence.Keys;
using Talreg.Silo.Hosting.Cluster;

namespace Talreg.Silo.Reading;

/// <summary>A gateway does not give what was asked for.</summary>
/// <param name="status">The answer's status.</param>
/// <param name="refusal">The refusal's name.</param>
/// <param name="detail">What the gateway says of it.</param>
internal sealed class ReadingRefusedException(HttpStatusCode status, string refusal, string detail)
    : Exception($"{refusal}: {detail}")
{
    public HttpStatusCode Status { get; } = status;
}

/// <summary>
/// Asks gateways' <see cref="ReadingServer"/>s: HTTP/2 and nothing older, mutual TLS unless on loopback. Any thread.
/// </summary>
internal sealed class ReadingClient : IDisposable
{
    /// <summary>How long a gateway may take to accept a connection.</summary>
    public static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);

    /// <summary>How long it may take to answer, and between two parts of an answer.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private const int BufferBytes = 64 * 1024;
    private const int MaxProblemBytes = 4096;

    private readonly bool _isSecure;
    private readonly HttpClient _http;

    public ReadingClient(ClusterTls? tls)
    {
        _isSecure = tls is not null;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectWithin,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        if (tls is not null)
        {
            handler.SslOptions = tls.ClientOptions();
        }

        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = OpeningKeys.MaxLength,
        };
    }

    /// <summary>Appends a range of bytes to a file.</summary>
    /// <param name="address">What is read.</param>
    /// <param name="ticket">The ticket that names the range.</param>
    /// <param name="first">Offset of the first byte.</param>
    /// <param name="length">How many; fewer come at the end only.</param>
    /// <param name="to">Written at its end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Length of the whole.</returns>
    /// <exception cref="ReadingRefusedException">The gateway does not give them.</exception>
    /// <exception cref="HttpRequestException">It cannot be reached, or the answer broke off.</exception>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public async Task<long> CopyAsync(
        Uri address, string ticket, long first, int length, Stream to, CancellationToken cancellationToken)
    {
        using var limit = new Patience(cancellationToken);
        try
        {
            using var response = await AskAsync(
                address, ticket, new RangeHeaderValue(first, first + length - 1), limit).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.PartialContent
                || response.Content.Headers.ContentRange is not { From: { } from, To: { } last, Length: { } total }
                || from != first || last != Math.Min(first + length, total) - 1)
            {
                throw new HttpRequestException("The answer is not the range that was asked for.");
            }

            await CopyAsync(response.Content, last - first + 1, to, limit).ConfigureAwait(false);
            return total;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {AnswerWithin.TotalSeconds} s.", e);
        }
        catch (IOException e)
        {
            throw new HttpRequestException(e.Message, e);
        }
    }

    /// <summary>
    /// Asks for a take's keys; the exceptions are those of <see
    /// cref="CopyAsync(Uri,string,long,int,Stream,CancellationToken)"/>.
    /// </summary>
    public async Task<OpeningKeys> GetKeysAsync(Uri address, string ticket, CancellationToken cancellationToken)
    {
        using var limit = new Patience(cancellationToken);
        try
        {
            using var response = await AskAsync(address, ticket, range: null, limit).ConfigureAwait(false);
            var bytes = await response.Content.ReadAsByteArrayAsync(limit.Renew()).ConfigureAwait(false);
            try
            {
                return OpeningKeys.Read(bytes) ?? throw new HttpRequestException("The answer holds no keys.");
            }
            finally
            {
                System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {AnswerWithin.TotalSeconds} s.", e);
        }
        catch (IOException e)
        {
            throw new HttpRequestException(e.Message, e);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> AskAsync(
        Uri address, string ticket, RangeHeaderValue? range, Patience limit)
    {
        if (address.Scheme != (_isSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)
            || (!_isSecure && !address.IsLoopback))
        {
            throw new HttpRequestException(
                _isSecure
                    ? "It is without TLS, and this silo has certificates: give the gateway its cluster-tls- files."
                    : "It is under TLS or on another machine: give this silo its cluster-tls- files.");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, address)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(ReadingServer.Scheme, ticket);
        request.Headers.Range = range;
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Renew())
            .ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RefusalAsync(response, limit).ConfigureAwait(false);
        }
    }

    private static async Task<ReadingRefusedException> RefusalAsync(HttpResponseMessage response, Patience limit)
    {
        var body = new byte[MaxProblemBytes];
        var stream = await response.Content.ReadAsStreamAsync(limit.Renew()).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, limit.Renew())
            .ConfigureAwait(false);
        try
        {
            var problem = JsonSerializer.Deserialize<ReadingProblem>(body.AsSpan(0, length), JsonSerializerOptions.Web);
            return new ReadingRefusedException(response.StatusCode, problem!.Refusal, problem.Detail);
        }
        catch (JsonException)
        {
            return new ReadingRefusedException(response.StatusCode, $"{response.StatusCode}", "no reason was given");
        }
    }

    private static async Task CopyAsync(HttpContent content, long length, Stream to, Patience limit)
    {
        var from = await content.ReadAsStreamAsync(limit.Renew()).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (length > 0)
            {
                var read = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)), limit.Renew())
                    .ConfigureAwait(false);
                if (read == 0)
                {
                    throw new HttpRequestException("The answer broke off.");
                }

                await to.WriteAsync(buffer.AsMemory(0, read), limit.Renew()).ConfigureAwait(false);
                length -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A time limit that begins anew with each step.</summary>
    private sealed class Patience(CancellationToken caller) : IDisposable
    {
        private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(caller);

        public CancellationToken Renew()
        {
            _source.CancelAfter(AnswerWithin);
            return _source.Token;
        }

        public void Dispose() => _source.Dispose();
    }
}
