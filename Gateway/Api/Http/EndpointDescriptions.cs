using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Talreg.Api.Http;

/// <summary>What the OpenAPI document says of every endpoint.</summary>
internal static class EndpointDescriptions
{
    /// <summary>The problems an endpoint may answer.</summary>
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            builder.ProducesProblem(status);
        }

        return builder;
    }
}
