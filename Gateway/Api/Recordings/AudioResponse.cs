using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Recordings;

/// <summary>The part of a rendering that a request gets (RFC 9110 §14).</summary>
/// <param name="First">Offset of its first byte.</param>
/// <param name="Length">Bytes to send; 0 for a HEAD and for a range that cannot be.</param>
internal readonly record struct AudioResponse(long First, long Length)
{
    /// <summary>Names the takes that are not heard, because where they lie cannot be reached.</summary>
    public const string MissingTakes = "X-Talreg-Missing-Takes";

    private const int BufferBytes = 64 * 1024;

    /// <summary>Reads the request's conditions and sets status and headers.</summary>
    public static AudioResponse Begin(HttpContext http, CallDocument call, IAudioRendering rendering)
    {
        var (request, response, total) = (http.Request, http.Response, rendering.Length);
        var tag = EntityTag(call, rendering);
        if (rendering.Missing.Count > 0)
        {
            response.Headers[MissingTakes] = string.Join(',', rendering.Missing);
        }

        response.ContentType = RecordingEndpoints.Wav;
        response.Headers.AcceptRanges = "bytes";
        response.Headers.ETag = tag;
        if (HttpMethods.IsHead(request.Method))
        {
            response.ContentLength = total;
            return default;
        }

        var wanted = Applies(request, tag) && request.Headers.Range.Count == 1 ? request.Headers.Range[0] : null;
        switch (ByteRange.Read(wanted, total, out var range))
        {
            case RangeVerdict.Unsatisfiable:
                response.StatusCode = 416;
                response.ContentType = null;
                response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{total}");
                return default;
            case RangeVerdict.Part:
                response.StatusCode = 206;
                response.Headers.ContentRange = string.Create(
                    CultureInfo.InvariantCulture, $"bytes {range.First}-{range.First + range.Length - 1}/{total}");
                response.ContentLength = range.Length;
                return new AudioResponse(range.First, range.Length);
            default:
                response.ContentLength = total;
                return new AudioResponse(0, total);
        }
    }

    /// <summary>Sends it.</summary>
    /// <exception cref="EndOfStreamException">The rendering ended before its own length.</exception>
    public async Task SendAsync(IAudioRendering rendering, HttpContext http)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var (offset, left) = (First, Length);
            while (left > 0)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(left, buffer.Length));
                var read = await rendering.ReadAsync(offset, part, http.RequestAborted).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new EndOfStreamException($"The rendering ended at {offset}, {left} bytes early.");
                }

                await http.Response.Body.WriteAsync(part[..read], http.RequestAborted).ConfigureAwait(false);
                offset += read;
                left -= read;
            }
        }
        finally
        {
            // It held a call's audio, and the next to rent it is anybody.
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>Strong once the takes can no longer grow; weak before, so that no range is joined to older bytes.</summary>
    private static string EntityTag(CallDocument call, IAudioRendering rendering)
    {
        var facts = new StringBuilder().Append(call.Id).Append(CultureInfo.InvariantCulture, $" {rendering.Length}");
        foreach (var take in call.Takes)
        {
            facts.Append(CultureInfo.InvariantCulture, $" {take.Id}:{take.CommittedChunks}");
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(facts.ToString())).AsSpan(0, 16);
        var tag = $"\"{Convert.ToHexStringLower(hash)}\"";
        var isFinal = call.State != CallState.Active && call.Takes.All(static take => take.Sealed)
            && rendering.Missing.Count == 0;
        return isFinal ? tag : "W/" + tag;
    }

    /// <summary>RFC 9110 §13.1.5: with If-Range the range counts only when the strong tag is still the same. A date never is.</summary>
    private static bool Applies(HttpRequest request, string tag)
    {
        var condition = request.Headers.IfRange;
        return condition.Count == 0
            || (condition.Count == 1 && tag[0] == '"' && string.Equals(condition[0], tag, StringComparison.Ordinal));
    }
}
