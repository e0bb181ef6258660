using Talreg.Capture.Host;

namespace Talreg.Capture.Tests;

public sealed class HostDropsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("talreg-host-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Read_adds_both_families_all_cpus_and_every_card_but_loopback()
    {
        Write("proc/net/snmp", """
            Ip: Forwarding DefaultTTL
            Ip: 1 64
            Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
            Udp: 100 2 7 90 5 0
            UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
            UdpLite: 9 9 9 9 9 9
            """);
        Write("proc/net/snmp6", "Udp6InDatagrams    4\nUdp6InErrors      \t3\nUdp6RcvbufErrors\t2\n");
        Write("proc/net/softnet_stat", "0000ffff 0000000a 00000000\n000000ff 00000001 00000000\n");
        Write("sys/class/net/lo/statistics/rx_dropped", "1000\n");
        Write("sys/class/net/eth0/statistics/rx_dropped", "11\n");
        Write("sys/class/net/eth0/statistics/rx_missed_errors", "4\n");
        Write("sys/class/net/eth1/statistics/rx_dropped", "1\n");
        Assert.Equal(new HostDrops(10, 7, 11, 16), HostDrops.Read(_root));
    }

    [Fact]
    public void Read_counts_what_is_not_there_as_none() => Assert.Equal(default, HostDrops.Read(_root));

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
