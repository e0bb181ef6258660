using Microsoft.AspNetCore.Http;

namespace Talreg.Api.Access;

/// <summary>Whether a browser's request comes from our own page (RFC 6454 §7).</summary>
internal static class SameOrigin
{
    public const string Detail =
        "A session may only be used by the page itself: the Origin header must name this server. Use a bearer token instead.";

    public static bool Holds(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        return origin.Count == 1
            && string.Equals(origin[0], $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
