using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;

namespace Talreg.Api.Page;

/// <summary>The page at <c>/</c>: three files that hold nothing recorded, so that signing in can begin there.</summary>
internal static class PageEndpoints
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self'; "
        + "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder routes)
    {
        MapFile(routes, "/", "index.html", "text/html; charset=utf-8");
        MapFile(routes, "/page.js", "page.js", "text/javascript; charset=utf-8");
        MapFile(routes, "/page.css", "page.css", "text/css; charset=utf-8");
        MapFile(routes, "/icon.svg", "icon.svg", "image/svg+xml");
    }

    private static void MapFile(IEndpointRouteBuilder routes, string path, string name, string contentType)
    {
        var bytes = Read(name);
        routes.MapGet(path, (HttpContext http) =>
        {
            http.Response.Headers.ContentSecurityPolicy = Policy;
            return Results.Bytes(bytes, contentType);
        })
            .WithMetadata(new AccessRequirement(AccessRule.Open))
            .ExcludeFromDescription();
    }

    private static byte[] Read(string name)
    {
        var type = typeof(PageEndpoints);
        using var resource = type.Assembly.GetManifestResourceStream(type, name)
            ?? throw new InvalidOperationException($"The assembly lacks its file '{name}'.");
        using var copy = new MemoryStream();
        resource.CopyTo(copy);
        return copy.ToArray();
    }
}
