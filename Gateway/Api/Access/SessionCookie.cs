using Microsoft.AspNetCore.Http;

namespace Talreg.Api.Access;

/// <summary>The cookie that holds the id of a page's session (RFC 6265bis §4.1.3.2 for the prefix).</summary>
internal static class SessionCookie
{
    private const string Plain = "talreg-session";

    /// <summary>With https the browser itself keeps the cookie to this host and path, by its name's prefix.</summary>
    public static string Name(HttpRequest request) => request.IsHttps ? "__Host-" + Plain : Plain;

    public static void Set(HttpContext http, string id) =>
        http.Response.Cookies.Append(Name(http.Request), id, Options(http.Request));

    public static void Clear(HttpContext http) =>
        http.Response.Cookies.Delete(Name(http.Request), Options(http.Request));

    private static CookieOptions Options(HttpRequest request) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = "/",
        IsEssential = true,
    };
}
