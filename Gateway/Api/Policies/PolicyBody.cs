using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Talreg.Api.Http;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Policies;

/// <summary>Reads the text of a policy, strictly, and names every fault by its place.</summary>
internal static class PolicyBody
{
    /// <summary>The longest body: 10,000 rules with room to spare.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>The document, or the problem of a body that holds none.</summary>
    public static async Task<(PolicyDocument? Document, IResult? Problem)> ReadAsync(HttpRequest request)
    {
        try
        {
            using var json = await JsonDocument.ParseAsync(request.Body, Strict, request.HttpContext.RequestAborted)
                .ConfigureAwait(false);
            var faults = PolicySchema.Read(json.RootElement, out var document);
            return faults.Count == 0
                ? (document, null)
                : (null, Problem.Result(400, Problem.InvalidBody, string.Join(' ', faults)));
        }
        catch (JsonException fault)
        {
            return (null, Problem.Result(400, Problem.InvalidBody, $"The body is not JSON: {fault.Message}"));
        }
    }
}
