using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Json;

namespace Talreg.Api.Calls;

/// <summary>Recorded lines.</summary>
internal static class ChannelEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/channels/{interface}/{line}", GetAsync)
            .WithMetadata(new AccessRequirement(AccessRule.Token))
            .WithSummary("A recorded line as it stands.")
            .Produces<ChannelDocument>().Problems(400, 401, 404, 503);

    /// <summary>True for names that a channel can have.</summary>
    public static bool IsChannel(string @interface, string line) =>
        Names.IsValid(@interface)
        && line.Length is > 0 and <= Names.MaxLineLength
        && !line.Any(static c => c == '/' || char.IsControl(c));

    private static async Task<IResult> GetAsync(
        [FromRoute(Name = "interface")] string @interface,
        string line,
        [FromServices] TenantGrains grains,
        CancellationToken cancellationToken)
    {
        if (!Names.IsValid(@interface))
        {
            return Problem.Parameter("interface", @interface, $"1 to {Names.MaxLength} of a-z, 0-9 and '-'");
        }

        if (!IsChannel(@interface, line))
        {
            return Problem.Parameter("line", line, $"1 to {Names.MaxLineLength} characters without '/'");
        }

        var channel = await grains.Channel(@interface, line).GetAsync()
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        return channel is null
            ? Problem.Result(404, Problem.NotFound, "This line never had a call; check its interface and its name.")
            : Results.Json(channel, TalregJson.Options);
    }
}
