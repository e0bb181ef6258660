using System.Globalization;
using System.Text;

namespace Talreg.Verify;

/// <summary>Writes a report for a person.</summary>
internal static class ReportText
{
    public static string Of(VerificationReport report)
    {
        var text = new StringBuilder();
        text.Append(Headline(report)).Append('\n');
        if (report.Call is { } call)
        {
            text.Append("call ").Append(Printable.Of(call)).Append('\n');
        }

        if (report.Log is { } log)
        {
            text.Append("log  ").Append(Printable.Of(log)).Append('\n');
        }

        foreach (var take in report.Takes)
        {
            text.Append(Line(take)).Append('\n');
        }

        text.Append('\n');
        foreach (var check in report.Checks)
        {
            text.Append(Mark(check.Outcome)).Append(' ').Append(check.Name.PadRight(20)).Append(' ')
                .Append(check.Subject).Append(": ").Append(check.Detail).Append('\n');
        }

        if (report.Result != VerificationResult.Refused && report.Residual.Count > 0)
        {
            text.Append("\nWhat remains unproved:\n");
            foreach (var line in report.Residual)
            {
                text.Append("- ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Headline(VerificationReport report)
    {
        var failed = report.Checks.Where(c => c.Outcome == CheckOutcome.Failed).ToList();
        return report.Result switch
        {
            VerificationResult.Verified => "VERIFIED",
            VerificationResult.ConsistentOriginUnproved =>
                "consistent, origin unproved: the bundle agrees with itself; who made it is not shown. "
                + "Give the log's verifier key, had from elsewhere, as trust.",
            _ => "REFUSED: " + string.Join(", ", failed.Select(c => c.Name).Distinct(StringComparer.Ordinal)),
        };
    }

    private static string Line(TakeSummary take)
    {
        var withheld = take.Withheld > 0 ? $" ({take.Withheld} withheld)" : "";
        return $"take {take.Take}: {take.Chunks} chunks{withheld}, {take.Streams} streams, {take.Packets} packets, "
            + $"{take.Lost} lost, {Time(take.StartedAt)} to {Time(take.EndedAt)}";
    }

    private static string Time(DateTimeOffset? time) =>
        time?.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture) ?? "?";

    private static string Mark(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Passed => "ok  ",
        CheckOutcome.Failed => "FAIL",
        _ => "n/a ",
    };
}
