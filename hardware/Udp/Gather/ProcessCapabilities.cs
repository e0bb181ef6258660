using System.Globalization;

namespace Talreg.Hardware.Udp.Gather;

/// <summary>What this thread may, in the kernel's words (capabilities(7)). Only for saying why something was refused.</summary>
internal static class ProcessCapabilities
{
    private const int NetAdmin = 12;
    private const int SysAdmin = 21;
    private const int Bpf = 39;
    private const string StatusFile = "/proc/thread-self/status";
    private const string Effective = "CapEff:";

    /// <summary>The capabilities that steering ports needs and this process has not.</summary>
    internal static IReadOnlyList<string> MissingForSteering()
    {
        var line = Array.Find(
            File.ReadAllLines(StatusFile), l => l.StartsWith(Effective, StringComparison.Ordinal));
        var digits = line is null ? [] : line.AsSpan(Effective.Length).Trim();
        return ulong.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var held)
            ? Missing(held)
            : [];
    }

    /// <summary>The same for a set of capabilities.</summary>
    /// <param name="held">Bit n stands for capability n.</param>
    internal static IReadOnlyList<string> Missing(ulong held)
    {
        bool Has(int capability) => (held & (1UL << capability)) != 0;
        var missing = new List<string>(2);
        if (!Has(Bpf) && !Has(SysAdmin))
        {
            missing.Add("CAP_BPF");
        }

        if (!Has(NetAdmin))
        {
            missing.Add("CAP_NET_ADMIN");
        }

        return missing;
    }
}
