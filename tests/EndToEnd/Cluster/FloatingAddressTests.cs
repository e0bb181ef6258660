using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.TestKit;
using Talreg.TestKit.State;

namespace Talreg.EndToEnd.Tests.Cluster;

/// <summary>An address that moves with its interface, in a network namespace of the test's own.</summary>
public sealed class FloatingAddressTests(PostgresServer server, ITestOutputHelper output)
{
    private const int NotAllowed = 77;
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.100");

    [Fact]
    public async Task Address_of_a_killed_owner_is_the_standbys_and_goes_with_it()
    {
        var unshare = Peer.Require("unshare", "util-linux");
        var ip = Peer.Require("ip", "iproute2");
        string[] before =
        [
            unshare, "-n", "sh", "-c",
            $"{ip} link set lo up && {ip} link add fl0 type veth peer name fl1 && {ip} link set fl0 up "
                + $"&& {ip} link set fl1 up || exit {NotAllowed}; exec \"$0\" \"$@\"",
        ];
        var (code, text) = await ChildTest.RunAsync(
            ChildTest.Command(
                typeof(FloatingAddressTests),
                nameof(Namespace_address_of_a_killed_owner_is_the_standbys_and_goes_with_it),
                new Dictionary<string, string>(StringComparer.Ordinal),
                before),
            TestContext.Current.CancellationToken);
        if (code == NotAllowed || text.Contains("unshare failed", StringComparison.Ordinal))
        {
            Peer.Missing("the right to make a network namespace (root)", "util-linux");
        }

        Assert.True(code == 0, text);
        output.WriteLine(text);
    }

    [Fact(Explicit = true)]
    public async Task Namespace_address_of_a_killed_owner_is_the_standbys_and_goes_with_it()
    {
        using var cluster = await ClusterProcesses.StartPairAsync(server, floating: $"{Address}/24@fl0");
        await TakeoverTests.StandingByAsync(cluster.Far);
        await Wait.UntilAsync(IsThere, "the owner to hold the address");
        Assert.Equal(200, await TakeoverTests.OptionsAsync(At(cluster.Gateway)));

        var killed = Stopwatch.GetTimestamp();
        await cluster.Gateway.KillAsync();
        await Wait.UntilAsync(
            async () => await TakeoverTests.OptionsAsync(At(cluster.Standby)) == 200,
            "the standby to take calls at the address",
            TimeSpan.FromSeconds(20));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"The address was answered again after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.00} s."));
        var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = At(cluster.Standby), MaxDuration = TimeSpan.FromSeconds(3),
        });
        var call = await cluster.Far.Client.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(
            placed.Legs.Select(leg => (long)leg.PacketsSent), call.Takes[0].Streams.Select(stream => stream.Packets));

        // Longer than the dead one's address would have lasted, and then nobody is left to renew it.
        Assert.True(IsThere());
        await cluster.Standby.KillAsync();
        await Wait.UntilAsync(() => !IsThere(), "the kernel to drop the address");
    }

    private static IPEndPoint At(TalregProcess gateway) => new(Address, gateway.Sip.Port);

    private static bool IsThere() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(one => one.GetIPProperties().UnicastAddresses).Any(one => one.Address.Equals(Address));
}
