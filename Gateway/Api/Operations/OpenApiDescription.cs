using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Talreg.Contracts;

namespace Talreg.Api.Operations;

/// <summary>What the OpenAPI document says beyond its endpoints.</summary>
internal static class OpenApiDescription
{
    public const string Document = "v1";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Talreg",
                Version = Document,
                Description = "Calls, their recordings and the proof of them.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??=
                new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes["bearer"] =
                new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer(static (schema, context, _) =>
        {
            var type = context.JsonTypeInfo.Type;
            if (type == typeof(CallId) || type == typeof(TakeId))
            {
                schema.Type = JsonSchemaType.String;
                schema.Format = "uuid";
                schema.Properties = null;
            }

            return Task.CompletedTask;
        });
    }
}
