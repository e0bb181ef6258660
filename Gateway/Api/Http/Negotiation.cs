using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Talreg.Api.Http;

/// <summary>Chooses a representation by <c>Accept</c> (RFC 9110 §12.5.1).</summary>
internal static class Negotiation
{
    public const string Json = "application/json";
    public const string Arrow = "application/vnd.apache.arrow.stream";
    public const string Pcapng = "application/x-pcapng";

    /// <summary>The offered media type the caller likes best; the first offered on a tie or without a header; null when none will do.</summary>
    public static string? Choose(HttpRequest request, params ReadOnlySpan<string> offered)
    {
        var accept = request.Headers.Accept;
        if (StringValues.IsNullOrEmpty(accept) || !MediaTypeHeaderValue.TryParseList(accept, out var wanted))
        {
            return offered[0];
        }

        string? best = null;
        var bestQuality = 0.0;
        foreach (var candidate in offered)
        {
            var quality = Quality(wanted, candidate);
            if (quality > bestQuality)
            {
                best = candidate;
                bestQuality = quality;
            }
        }

        return best;
    }

    /// <summary>The quality of the most specific range that matches; 0 when none does.</summary>
    private static double Quality(IList<MediaTypeHeaderValue> wanted, string candidate)
    {
        var type = new MediaTypeHeaderValue(candidate);
        var quality = 0.0;
        var specificity = -1;
        foreach (var range in wanted)
        {
            var specific = range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
            if (specific > specificity && type.IsSubsetOf(range))
            {
                specificity = specific;
                quality = range.Quality ?? 1.0;
            }
        }

        return quality;
    }
}
