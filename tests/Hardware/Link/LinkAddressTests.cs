using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Talreg.Hardware.Link;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests.Link;

/// <summary>Addresses that the kernel drops by itself, in a network namespace of the test's own.</summary>
public sealed class LinkAddressTests
{
    private const string Device = "fl0";
    private static readonly LinkAddress Floating = new(IPAddress.Parse("192.0.2.100"), 24, Device);

    [Theory]
    [InlineData("10.0.0.100/24@eth0", true)]
    [InlineData("10.0.0.100/32@eth0.7", true)]
    [InlineData("10.0.0.100/24", false)]
    [InlineData("10.0.0.100@eth0", false)]
    [InlineData("10.0.0.100/0@eth0", false)]
    [InlineData("10.0.0.100/33@eth0", false)]
    [InlineData("10.0.0/24@eth0", false)]
    [InlineData("2001:db8::1/64@eth0", false)]
    [InlineData("10.0.0.100/24@", false)]
    [InlineData("10.0.0.100/24@a-device-too-long", false)]
    [InlineData("10.0.0.100/24@et h0", false)]
    public void TryParse_takes_address_network_and_device(string text, bool expected)
    {
        Assert.Equal(expected, LinkAddress.TryParse(text, out var address));
        Assert.Equal(expected ? text : null, address?.ToString());
    }

    [Fact]
    public void Obstacle_names_the_missing_device_and_the_missing_capability()
    {
        Assert.Equal("there is no device none0", new LinkAddress(Floating.Address, 24, "none0").Obstacle());
        Privilege.RunWithout(() => Assert.Contains(
            "CAP_NET_ADMIN", new LinkAddress(Floating.Address, 24, "lo").Obstacle(), StringComparison.Ordinal));
    }

    [Fact]
    public Task Address_is_there_while_renewed_and_goes_by_itself() =>
        RunAsync(nameof(Namespace_address_is_there_while_renewed_and_goes_by_itself));

    [Fact]
    public Task Announcement_reaches_the_other_end_of_the_wire() =>
        RunAsync(nameof(Namespace_announcement_reaches_the_other_end_of_the_wire));

    [Fact(Explicit = true)]
    public async Task Namespace_address_is_there_while_renewed_and_goes_by_itself()
    {
        Assert.Null(Floating.Obstacle());
        Assert.False(IsThere());
        Floating.Release();
        var validFor = TimeSpan.FromSeconds(2);
        var held = Stopwatch.StartNew();
        using var renewing = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (held.Elapsed < validFor + validFor && await renewing.WaitForNextTickAsync())
        {
            Floating.Hold(validFor);
            Assert.True(IsThere());
        }

        await Wait.UntilAsync(() => !IsThere(), "the kernel to drop the address");
        Floating.Hold(TimeSpan.FromMinutes(1));
        Floating.Release();
        Assert.False(IsThere());
    }

    [Fact(Explicit = true)]
    public void Namespace_announcement_reaches_the_other_end_of_the_wire()
    {
        // ETH_P_ARP in network order.
        using var wire = new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)0x0608);
        wire.ReceiveTimeout = 10_000;
        Floating.Hold(TimeSpan.FromMinutes(1));
        Floating.Announce();
        var frame = new byte[128];
        var address = Floating.Address.GetAddressBytes();
        do
        {
            Assert.True(wire.Receive(frame) >= 42);
        }
        while (!frame.AsSpan(28, 4).SequenceEqual(address));

        Assert.Equal(Enumerable.Repeat((byte)0xff, 6), frame[..6]);
        Assert.Equal(
            NetworkInterface.GetAllNetworkInterfaces().Single(one => one.Name == Device)
                .GetPhysicalAddress().GetAddressBytes(),
            frame[22..28]);
        Assert.Equal((0, 1), (frame[20], frame[21]));
        Assert.Equal(address, frame[38..42]);
    }

    private static bool IsThere() => NetworkInterface.GetAllNetworkInterfaces()
        .Single(one => one.Name == Device).GetIPProperties().UnicastAddresses
        .Any(one => one.Address.Equals(Floating.Address));

    private static async Task RunAsync(string method)
    {
        var unshare = Peer.Require("unshare", "util-linux");
        var ip = Peer.Require("ip", "iproute2");
        const int NotAllowed = 77;
        string[] before =
        [
            unshare, "-n", "sh", "-c",
            $"{ip} link add {Device} type veth peer name fl1 && {ip} link set {Device} up && {ip} link set fl1 up "
                + $"|| exit {NotAllowed}; exec \"$0\" \"$@\"",
        ];
        var (code, output) = await ChildTest.RunAsync(
            ChildTest.Command(
                typeof(LinkAddressTests), method, new Dictionary<string, string>(StringComparer.Ordinal), before),
            TestContext.Current.CancellationToken);
        if (code == NotAllowed || output.Contains("unshare failed", StringComparison.Ordinal))
        {
            Peer.Missing("the right to make a network namespace (root)", "util-linux");
        }

        Assert.True(code == 0, output);
    }
}
