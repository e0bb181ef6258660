using System.Globalization;

namespace Talreg.Capture.Host;

/// <summary>
/// What the machine lost before any socket of ours could count it, since boot: for the metrics beside our own. Counters of
/// the whole machine: other programs' losses are in them too.
/// </summary>
/// <param name="UdpInErrors">Datagrams the UDP layer could not deliver, IPv4 and IPv6 (/proc/net/snmp, snmp6).</param>
/// <param name="UdpReceiveBufferErrors">Of those, the ones for which a socket's buffer was full.</param>
/// <param name="SoftnetDrops">Packets dropped because a CPU's backlog queue was full (/proc/net/softnet_stat).</param>
/// <param name="NicDrops">Packets a network card dropped or missed (/sys/class/net), loopback left out.</param>
public readonly record struct HostDrops(
    long UdpInErrors, long UdpReceiveBufferErrors, long SoftnetDrops, long NicDrops)
{
    /// <summary>Reads the counters. Those this kernel does not have, or does not let us read, count as 0.</summary>
    /// <param name="root">The root of the file system; tests have their own.</param>
    public static HostDrops Read(string root = "/")
    {
        var v4 = Lines(Path.Combine(root, "proc/net/snmp")).ToList();
        var v6 = Lines(Path.Combine(root, "proc/net/snmp6")).ToList();
        return new HostDrops(
            Snmp(v4, "InErrors") + Snmp6(v6, "Udp6InErrors"),
            Snmp(v4, "RcvbufErrors") + Snmp6(v6, "Udp6RcvbufErrors"),
            Softnet(Lines(Path.Combine(root, "proc/net/softnet_stat"))),
            Nics(Path.Combine(root, "sys/class/net")));
    }

    // Two lines for each protocol: names, then numbers in the same order.
    private static long Snmp(List<string> lines, string name)
    {
        var udp = lines.Where(line => line.StartsWith("Udp: ", StringComparison.Ordinal)).Take(2).ToList();
        if (udp.Count < 2)
        {
            return 0;
        }

        var at = Array.IndexOf(udp[0].Split(' '), name);
        var numbers = udp[1].Split(' ');
        return at >= 0 && at < numbers.Length ? Number(numbers[at], NumberStyles.None) : 0;
    }

    // One line for each counter: name, blanks, number.
    private static long Snmp6(List<string> lines, string name)
    {
        var line = lines.Find(line => line.StartsWith(name, StringComparison.Ordinal)
            && line.Length > name.Length && char.IsWhiteSpace(line[name.Length]));
        return line is null ? 0 : Number(line[name.Length..].Trim(), NumberStyles.None);
    }

    // One line for each CPU, hexadecimal; the second number is packets dropped.
    private static long Softnet(IEnumerable<string> lines) => lines
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Sum(numbers => numbers.Length > 1 ? Number(numbers[1], NumberStyles.AllowHexSpecifier) : 0);

    private static long Nics(string folder) => !Directory.Exists(folder) ? 0 : Directory.EnumerateDirectories(folder)
        .Where(card => Path.GetFileName(card) != "lo")
        .Sum(card => Statistic(card, "rx_dropped") + Statistic(card, "rx_missed_errors"));

    private static long Statistic(string card, string name) =>
        Lines(Path.Combine(card, "statistics", name)).Take(1).Sum(line => Number(line.Trim(), NumberStyles.None));

    private static long Number(string text, NumberStyles style) =>
        long.TryParse(text, style, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A card may go while it is read, a kernel without IPv6 has no snmp6: the counters that are there still count.
            return [];
        }
    }
}
