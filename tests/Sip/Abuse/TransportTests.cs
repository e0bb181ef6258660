using System.Net.Sockets;
using System.Text;
using Talreg.TestKit;

namespace Talreg.Sip.Tests.Abuse;

/// <summary>
/// Streams and datagrams that misbehave (those of TLS are in <see cref="TlsTests"/>). Of each: only the connection
/// suffers,
/// and a neighbour is answered.
/// </summary>
public sealed class TransportTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slow_header_loses_its_connection()
    {
        var limits = new SipLimits { MessageCompletion = TimeSpan.FromMilliseconds(200) };
        await using var bench = await DutyBench.StartAsync(options => options with { Limits = limits });
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        await src.SendAsync("OPTIONS sip:srs@example.com SIP/2.0\r\nVia: ", Token);
        await AssertClosedAsync(src);
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Slow_body_loses_its_connection()
    {
        var limits = new SipLimits { MessageCompletion = TimeSpan.FromMilliseconds(200) };
        await using var bench = await DutyBench.StartAsync(options => options with { Limits = limits });
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        await src.SendAsync(src.Invite()[..^5], Token);
        await AssertClosedAsync(src);
        Assert.Empty(bench.Application.Offers);
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Connection_that_says_nothing_is_closed_when_idle()
    {
        var limits = new SipLimits { ConnectionIdle = TimeSpan.FromMilliseconds(200) };
        await using var bench = await DutyBench.StartAsync(options => options with { Limits = limits });
        await AssertClosedAsync(await bench.ConnectAsync(SipTransportKind.Tcp));
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Message_of_one_byte_writes_is_answered()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        foreach (var letter in src.Request("OPTIONS", 1))
        {
            await src.SendAsync(letter.ToString(), Token);
        }

        await src.ReceiveAsync("SIP/2.0 200 ", Token);
    }

    [Fact]
    public async Task Messages_in_one_write_are_answered_in_their_order()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        await src.SendAsync(
            string.Concat(Enumerable.Range(1, 50).Select(cseq => src.Request("OPTIONS", cseq))), Token);
        for (var cseq = 1; cseq <= 50; cseq++)
        {
            var answer = await src.ReceiveAsync("SIP/2.0 200 ", Token);
            Assert.Contains($"CSeq: {cseq} OPTIONS", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stream_without_line_ends_is_closed_at_the_limit_and_counted()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        await src.SendAsync(new string('A', 100_000), Token);
        await AssertClosedAsync(src);
        await Wait.UntilAsync(
            () => bench.Application.Refusals.Any(one => one.Detail == "MessageTooLong"), "the refusal");
        await bench.AssertNeighbourAsync();
    }

    [Theory]
    [InlineData("2147483647")]
    [InlineData("4294967296")]
    [InlineData("-1")]
    public async Task Stream_that_announces_a_body_beyond_the_limit_is_closed_before_it_comes(string length)
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        var request = src.Request("OPTIONS", 1)
            .Replace("Content-Length: 0", "Content-Length: " + length, StringComparison.Ordinal);
        await src.SendAsync(request, Token);
        await AssertClosedAsync(src);
        await Wait.UntilAsync(() => !bench.Application.Refusals.IsEmpty, "the refusal");
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Stream_without_content_length_is_closed()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        await src.SendAsync(
            src.Request("OPTIONS", 1).Replace("Content-Length: 0\r\n", "", StringComparison.Ordinal), Token);
        await AssertClosedAsync(src);
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Half_closed_connection_is_let_go()
    {
        await using var bench = await DutyBench.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(bench.Endpoint(SipTransportKind.Tcp), Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("OPTIONS sip:"), Token);
        socket.Shutdown(SocketShutdown.Send);
        await Wait.UntilAsync(() => bench.Server.Counters.Connections == 0, "the connection to be gone");
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Connection_reset_in_a_session_ends_no_session()
    {
        await using var bench = await DutyBench.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var src = await bench.ConnectAsync(SipTransportKind.Tcp);
        await bench.EstablishAsync(src);
        src.Dispose();
        await Wait.UntilAsync(() => bench.Server.Counters.Connections == 0, "the connection to be gone");
        Assert.Equal(1, bench.Server.Counters.Dialogs);
        Assert.Equal(["confirmed d1"], bench.Application.Events);
    }

    [Fact]
    public async Task Connections_beyond_the_share_of_an_address_are_refused_and_counted()
    {
        var limits = new SipLimits { MaxConnectionsPerAddress = 3 };
        await using var bench = await DutyBench.StartAsync(options => options with { Limits = limits });
        var clients = new List<FakeSrc>();
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await bench.ConnectAsync(SipTransportKind.Tcp));
        }

        await Wait.UntilAsync(() => bench.Server.Counters.ConnectionsRefused == 3, "three to be refused");
        Assert.Equal(3, bench.Server.Counters.Connections);
        await DutyBench.AskAsync(clients[0], clients[0].Request("OPTIONS", 1));
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Connections_beyond_the_most_are_refused_and_counted()
    {
        var limits = new SipLimits { MaxConnections = 2 };
        await using var bench = await DutyBench.StartAsync(options => options with { Limits = limits });
        for (var i = 0; i < 5; i++)
        {
            await bench.ConnectAsync(SipTransportKind.Tcp);
        }

        await Wait.UntilAsync(() => bench.Server.Counters.ConnectionsRefused == 3, "three to be refused");
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Client_that_reads_no_answers_loses_its_connection()
    {
        var limits = new SipLimits { MaxQueuedSends = 4 };
        await using var bench = await DutyBench.StartAsync(options => options with { Limits = limits });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = 2_048,
        };
        await socket.ConnectAsync(bench.Endpoint(SipTransportKind.Tcp), Token);
        using var src = await FakeSrc.ConnectAsync(bench.Endpoint(SipTransportKind.Udp), false, Token);
        var cseq = 0;
        await Wait.UntilAsync(
            async () =>
            {
                var burst = string.Concat(Enumerable.Range(0, 200).Select(_ => src.Request("OPTIONS", ++cseq)));
                try
                {
                    await socket.SendAsync(Encoding.UTF8.GetBytes(burst), Token);
                }
                catch (SocketException)
                {
                    return true;
                }

                return bench.Server.Counters.Connections == 0;
            },
            "the connection to be cut",
            TimeSpan.FromSeconds(60));
        await bench.AssertNeighbourAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_472)]
    [InlineData(65_507)]
    public async Task Datagram_of_noise_is_dropped_and_counted(int length)
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        var noise = new byte[length];
        new Random(length).NextBytes(noise);
        await src.SendBytesAsync(noise, Token);
        await bench.AssertNeighbourAsync();
        Assert.True(length == 0 || bench.Application.Refusals.Any(one => one.Status == 0), "the noise is not counted");
    }

    [Fact]
    public async Task Datagram_of_line_ends_keeps_alive_and_is_no_message()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        await src.SendAsync("\r\n\r\n", Token);
        await bench.AssertNeighbourAsync();
        Assert.Empty(bench.Application.Refusals);
    }

    [Fact]
    public async Task Stream_of_keep_alives_is_answered_each_once()
    {
        await using var bench = await DutyBench.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(bench.Endpoint(SipTransportKind.Tcp), Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\r\n\r\n", 20))), Token);
        var buffer = new byte[1_024];
        var count = 0;
        await Wait.UntilAsync(
            async () => (count += await socket.ReceiveAsync(buffer, Token)) >= 40, "twenty answers of two bytes");
        Assert.Equal(40, count);
    }

    private static async Task AssertClosedAsync(FakeSrc src)
    {
        var closed = await Record.ExceptionAsync(() => src.ReceiveAsync("never", Token));
        Assert.True(closed is IOException or SocketException, $"not closed: {closed}");
    }
}
