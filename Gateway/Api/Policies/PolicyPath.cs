using System.Globalization;
using Microsoft.AspNetCore.Http;
using Talreg.Api.Http;
using Talreg.Contracts;

namespace Talreg.Api.Policies;

/// <summary>The parameters of a policy's paths.</summary>
internal static class PolicyPath
{
    /// <summary>Reads a policy's name and a version's number; the problem where they are none.</summary>
    public static IResult? Read(string id, string version, out int number)
    {
        number = 0;
        return !Names.IsValid(id) ? BadName(id)
            : int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0 ? null
            : Problem.Parameter("version", version, "a version's number, 1 or more");
    }

    /// <summary>Reads a time that may be left out; the problem where it is none.</summary>
    public static IResult? Time(string name, string? held, out DateTimeOffset? time)
    {
        time = null;
        if (held is null)
        {
            return null;
        }

        // Without an offset a time would mean another instant on every machine.
        var zoned = held.EndsWith('Z') || (held.Length > 6 && held[^6] is '+' or '-' && held[^3] == ':');
        if (zoned
            && held.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(
                held, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var read))
        {
            time = read;
            return null;
        }

        return Problem.Parameter(name, held, "an RFC 3339 time with its offset, such as 2026-11-23T20:00:00Z");
    }

    /// <summary>The problem of a path whose name is none.</summary>
    public static IResult BadName(string held) =>
        Problem.Parameter("id", held, $"1 to {Names.MaxLength} of a-z, 0-9 and '-', no hyphen first or last");
}
