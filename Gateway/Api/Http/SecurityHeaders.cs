using Microsoft.AspNetCore.Http;

namespace Talreg.Api.Http;

/// <summary>Headers that every response carries.</summary>
internal static class SecurityHeaders
{
    private const string NothingMayLoad = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Sets them. An endpoint that needs another policy, such as the page, replaces it.</summary>
    public static void Apply(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        // Personal data must not lie in a cache; and what a cache served would be a listen that no ledger saw.
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = NothingMayLoad;
    }
}
