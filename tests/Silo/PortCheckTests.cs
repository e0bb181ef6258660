using System.Net;
using System.Net.Sockets;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.Silo.Tests;

/// <summary>An address that cannot be had is known before anything is started.</summary>
public sealed class PortCheckTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    [Theory]
    [InlineData(SocketType.Dgram, "UDP", "ss -lnup")]
    [InlineData(SocketType.Stream, "TCP", "ss -lntp")]
    public void Require_busy_sip_port_names_key_address_and_transport(SocketType type, string transport, string command)
    {
        using var busy = Hold(type);
        var address = (IPEndPoint)busy.LocalEndPoint!;

        var refused = Assert.Throws<StartRefusedException>(() => PortCheck.Require(Settings(address, AnyPort)));

        Assert.StartsWith(
            $"sip holds {address}, whose {transport} port another program uses",
            refused.Message,
            StringComparison.Ordinal);
        Assert.Contains(command, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_busy_http_port_names_key_and_address()
    {
        using var busy = Hold(SocketType.Stream);
        var address = (IPEndPoint)busy.LocalEndPoint!;

        var refused = Assert.Throws<StartRefusedException>(() => PortCheck.Require(Settings(AnyPort, address)));

        Assert.StartsWith(
            $"http holds {address}, whose TCP port another program uses", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_one_port_for_both_keys_is_refused()
    {
        using var probe = Hold(SocketType.Stream);
        var address = (IPEndPoint)probe.LocalEndPoint!;
        probe.Dispose();

        var refused = Assert.Throws<StartRefusedException>(() => PortCheck.Require(Settings(address, address)));

        Assert.StartsWith($"http holds {address}, whose TCP port", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_address_of_another_machine_is_refused()
    {
        // TEST-NET-3 (RFC 5737): no machine has it.
        var foreign = new IPEndPoint(IPAddress.Parse("203.0.113.1"), 5060);

        var refused = Assert.Throws<StartRefusedException>(() => PortCheck.Require(Settings(foreign, AnyPort)));

        Assert.StartsWith(
            "sip holds 203.0.113.1:5060, which is no address of this machine",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Require_free_ports_are_free_again_afterwards()
    {
        using var probe = Hold(SocketType.Stream);
        var address = (IPEndPoint)probe.LocalEndPoint!;
        probe.Dispose();

        PortCheck.Require(Settings(AnyPort, address));
        PortCheck.Require(Settings(AnyPort, address));

        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(address);
        listener.Listen();
    }

    private static RecorderSettings Settings(IPEndPoint sip, IPEndPoint http) =>
        new() { Data = "unused", Sip = sip, Http = http, RtpLow = 20_000, RtpHigh = 20_003 };

    private static Socket Hold(SocketType type)
    {
        var socket = new Socket(
            AddressFamily.InterNetwork, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        socket.Bind(AnyPort);
        if (type == SocketType.Stream)
        {
            socket.Listen();
        }

        return socket;
    }
}
