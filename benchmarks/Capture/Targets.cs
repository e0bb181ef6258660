using System.Globalization;
using Talreg.Benchmarks.Recorder;

namespace Talreg.Benchmarks.Capture;

/// <summary>How the table calls its competitors.</summary>
internal static class Names
{
    internal const string Rtpengine = "rtpengine, record only";

    internal static string CPlain(string method) => $"C, {method}, plain";

    internal static string CCrypto(string method) => $"C, {method}, encrypted";

    internal static string OurPlain(string method) => $"ours, {method}, plain";

    internal static string Ours(string method) => $"ours, {method}";
}

/// <summary>What the figures are to reach: ratios within one table. Printed, not enforced: a busy machine must fail nobody.</summary>
internal static class Targets
{
    private const double PlainToPlain = 1.10;
    private const double EncryptedToEncrypted = 1.20;
    private const double EncryptedToPlain = 1.60;
    private const double EncryptedToRtpengine = 0.40;

    internal static void Print(ResultTable table)
    {
        foreach (var method in ReceiveMethods.Names)
        {
            Print(table, Names.OurPlain(method), Names.CPlain(method), PlainToPlain);
            Print(table, Names.Ours(method), Names.CCrypto(method), EncryptedToEncrypted);
            Print(table, Names.Ours(method), Names.CPlain(method), EncryptedToPlain);
            Print(table, Names.Ours(method), Names.Rtpengine, EncryptedToRtpengine);
        }
    }

    private static void Print(ResultTable table, string ours, string theirs, double target)
    {
        if (table.CpuPerMillion(ours) is { } cost && table.CpuPerMillion(theirs) is { } other)
        {
            var ratio = cost / other;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{ours} : {theirs} = {ratio:0.00} (target {target:0.00}: {(ratio <= target ? "met" : "missed")})"));
        }
    }
}
