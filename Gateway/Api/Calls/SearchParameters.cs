using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Talreg.Api.Http;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Calls;

/// <summary>The query of a search, as text, so that a refusal can say what it held.</summary>
internal sealed class SearchParameters
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 500;
    private const int MaxTextLength = 256;

    [FromQuery(Name = "party")]
    public string? Party { get; init; }

    [FromQuery(Name = "channel")]
    public string? Channel { get; init; }

    [FromQuery(Name = "from")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    public string? To { get; init; }

    [FromQuery(Name = "state")]
    public string? State { get; init; }

    [FromQuery(Name = "limit")]
    public string? Limit { get; init; }

    [FromQuery(Name = "cursor")]
    public string? Cursor { get; init; }

    /// <summary>Reads the query; on failure <paramref name="problem"/> names the first parameter that cannot be.</summary>
    public bool TryRead(string tenant, out CallQuery query, out IResult? problem)
    {
        query = new CallQuery(tenant, null, null, null, null, null, DefaultLimit, null);
        problem = FaultOfParty() ?? FaultOfChannel() ?? FaultOfText("cursor", Cursor);
        if (problem is not null)
        {
            return false;
        }

        if (!TryTime("from", From, out var from, out problem)
            || !TryTime("to", To, out var to, out problem)
            || !TryState(out var state, out problem)
            || !TryLimit(out var limit, out problem))
        {
            return false;
        }

        if (from >= to)
        {
            problem = Problem.Parameter("to", To, "a time after 'from'");
            return false;
        }

        query = new CallQuery(tenant, Party, Channel, from, to, state, limit, Cursor);
        return true;
    }

    private static IResult? FaultOfText(string name, string? held) =>
        held is { Length: 0 or > MaxTextLength }
            ? Problem.Parameter(name, held, $"1 to {MaxTextLength} characters")
            : null;

    private static bool TryTime(string name, string? held, out DateTimeOffset? value, out IResult? problem)
    {
        value = null;
        problem = null;
        if (held is null)
        {
            return true;
        }

        // Without an offset a time would mean another instant on every machine.
        var zoned = held.EndsWith('Z') || (held.Length > 6 && held[^6] is '+' or '-' && held[^3] == ':');
        if (zoned
            && held.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(
                held, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time))
        {
            value = time;
            return true;
        }

        problem = Problem.Parameter(name, held, "an RFC 3339 time with its offset, such as 2026-11-23T20:00:00Z");
        return false;
    }

    private IResult? FaultOfParty()
    {
        if (FaultOfText("party", Party) is { } fault)
        {
            return fault;
        }

        const string allowed =
            "an address of record, its user part, or at least 3 characters of a number followed by '*'";
        var star = Party?.IndexOf('*', StringComparison.Ordinal) ?? -1;
        return star >= 0 && (star < 3 || star != Party!.Length - 1) ? Problem.Parameter("party", Party, allowed) : null;
    }

    private IResult? FaultOfChannel()
    {
        if (Channel is null)
        {
            return null;
        }

        var slash = Channel.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && ChannelEndpoints.IsChannel(Channel[..slash], Channel[(slash + 1)..])
            ? null
            : Problem.Parameter("channel", Channel, "{interface}/{line}, such as sip/1001");
    }

    private bool TryState(out CallState? state, out IResult? problem)
    {
        state = State switch
        {
            "active" => CallState.Active,
            "sealed" => CallState.Sealed,
            "archived" => CallState.Archived,
            "erased" => CallState.Erased,
            "failed" => CallState.Failed,
            "notRecorded" => CallState.NotRecorded,
            _ => null,
        };
        problem = State is not null && state is null
            ? Problem.Parameter("state", State, "active, sealed, archived, erased, failed or notRecorded")
            : null;
        return problem is null;
    }

    private bool TryLimit(out int limit, out IResult? problem)
    {
        limit = DefaultLimit;
        problem = null;
        if (Limit is null
            || (int.TryParse(Limit, NumberStyles.None, CultureInfo.InvariantCulture, out limit)
                && limit is >= 1 and <= MaxLimit))
        {
            return true;
        }

        problem = Problem.Parameter("limit", Limit, $"1 to {MaxLimit}");
        return false;
    }
}
