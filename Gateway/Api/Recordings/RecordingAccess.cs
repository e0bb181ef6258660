using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Talreg.Api.Access;
using Talreg.Api.Calls;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Recordings;

/// <summary>A recording about to be heard.</summary>
internal readonly record struct OpenedRecording(CallDocument Call, Listen Listen)
{
    /// <summary>For whom and why it is read.</summary>
    public RecordingUse Use => new(Listen.Actor, Listen.Purpose);
}

/// <summary>What stands before every byte of a recording: the call exists, something of it may be heard, the ledger knows.</summary>
internal sealed class RecordingAccess(TenantGrains grains, ListenLedger ledger)
{
    public const string PurposeHeader = "X-Talreg-Purpose";
    public const string NoPurpose = "unspecified";
    public const int MaxPurposeLength = 200;

    /// <summary>Finds the call. Null when the answer has been written instead.</summary>
    public async Task<OpenedRecording?> OpenAsync(string id, HttpContext http, string what)
    {
        if (!CallId.TryParse(id, out var callId))
        {
            await CallEndpoints.BadId(id).ExecuteAsync(http).ConfigureAwait(false);
            return null;
        }

        if (Purpose(http.Request) is not { } purpose)
        {
            var held = http.Request.Query["purpose"].ToString();
            await Problem.Parameter("purpose", held, $"1 to {MaxPurposeLength} characters of text")
                .ExecuteAsync(http).ConfigureAwait(false);
            return null;
        }

        var call = await grains.FindCallAsync(callId, http.RequestAborted).ConfigureAwait(false);
        if (call is null)
        {
            await CallEndpoints.Unknown(callId).ExecuteAsync(http).ConfigureAwait(false);
            return null;
        }

        if (call.State == CallState.Erased)
        {
            const string detail = "The recording was erased; the call itself tells what remains of it.";
            await Problem.WriteAsync(http, 410, Problem.Erased, detail).ConfigureAwait(false);
            return null;
        }

        if (call.Takes.Count == 0)
        {
            await NothingAsync(http).ConfigureAwait(false);
            return null;
        }

        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        if (call.Verdicts.FirstOrDefault(verdict => verdict.Listeners?.Contains(actor) == false) is { } verdict)
        {
            await Problem.WriteAsync(
                http, 403, Problem.Forbidden, $"Rule {verdict.Rule} names who may listen; {actor} is not among them.")
                .ConfigureAwait(false);
            return null;
        }

        return new OpenedRecording(call, new Listen(callId, actor, purpose, what));
    }

    /// <summary>Completes when the ledger holds the listen.</summary>
    public Task RecordAsync(OpenedRecording recording, HttpContext http) =>
        ledger.RecordAsync(recording.Listen, http.RequestAborted);

    /// <summary>404 for a call of which no byte is here.</summary>
    public static Task NothingAsync(HttpContext http) => Problem.WriteAsync(
        http,
        404,
        Problem.NoRecording,
        "There is nothing recorded of this call, or not yet; its state and its verdicts say why.");

    /// <summary>The header, else the query, else <see cref="NoPurpose"/>; null for one that cannot be put in a leaf.</summary>
    private static string? Purpose(HttpRequest request)
    {
        var purpose = request.Headers.TryGetValue(PurposeHeader, out var header) ? header.ToString()
            : request.Query.TryGetValue("purpose", out var query) ? query.ToString()
            : NoPurpose;
        return purpose.Length is > 0 and <= MaxPurposeLength && !purpose.Any(IsNoText) ? purpose : null;
    }

    /// <summary>A lone surrogate has no UTF-8 and so no canonical form.</summary>
    private static bool IsNoText(char c) => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029';
}
