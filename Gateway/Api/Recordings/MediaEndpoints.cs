using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;

namespace Talreg.Api.Recordings;

/// <summary>
/// Keys pressed, silence and remarks of a recorded call, read from the recording. They are content: a listen is in the ledger
/// before they are shown.
/// </summary>
internal static class MediaEndpoints
{
    /// <summary>What stands for a key that may not be seen.</summary>
    public const string MaskedDigit = "x";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/calls/{id}/media", GetAsync)
            .WithMetadata(new AccessRequirement(AccessRule.Token))
            .WithSummary("Keys pressed, silence and remarks of the recorded call; digits=masked hides which keys.")
            .Produces<MediaReport>().Problems(400, 401, 404, 410, 503);

    /// <summary>Times without keys, from a call's timeline.</summary>
    public static IReadOnlyList<DigitPause> Pauses(CallDocument call)
    {
        var pauses = new List<DigitPause>();
        foreach (var entry in call.Timeline)
        {
            var open = pauses.Count > 0 && pauses[^1].To is null;
            if (entry.Change == TimelineChange.DigitsSuppressed && !open)
            {
                pauses.Add(new DigitPause(entry.At, To: null, entry.Actor, entry.Reason));
            }
            else if (entry.Change == TimelineChange.DigitsAllowed && open)
            {
                pauses[^1] = pauses[^1] with { To = entry.At };
            }
        }

        return pauses;
    }

    private static async Task GetAsync(
        string id,
        [FromQuery] string? digits,
        HttpContext http,
        [FromServices] RecordingAccess access,
        [FromServices] IRecordedMedia media)
    {
        if (digits is not (null or "masked"))
        {
            await Problem.Parameter("digits", digits, "masked, or nothing").ExecuteAsync(http).ConfigureAwait(false);
            return;
        }

        if (await access.OpenAsync(id, http, "media").ConfigureAwait(false) is not { } recording)
        {
            return;
        }

        var call = recording.Call;
        if (await media.ReadMediaAsync(call, recording.Use, http.RequestAborted).ConfigureAwait(false)
            is not { Takes: { Count: > 0 } takes } read)
        {
            await RecordingAccess.NothingAsync(http).ConfigureAwait(false);
            return;
        }

        var masked = digits is not null || call.Verdicts.Any(verdict => verdict.Digits == DigitHandling.Mask);
        await access.RecordAsync(recording, http).ConfigureAwait(false);
        var report = new MediaReport(masked, Pauses(call), masked ? [.. takes.Select(Mask)] : takes)
        {
            Missing = read.Missing, Merge = read.Merge,
        };
        await http.Response.WriteAsJsonAsync(report, TalregJson.Options, http.RequestAborted).ConfigureAwait(false);
    }

    private static TakeMedia Mask(TakeMedia take) => take with
    {
        Streams =
        [
            .. take.Streams.Select(stream => stream with
            {
                Digits = [.. stream.Digits.Select(digit => digit with { Digit = MaskedDigit })],
            }),
        ],
    };
}
