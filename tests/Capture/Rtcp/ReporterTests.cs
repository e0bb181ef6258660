using System.Net;
using System.Net.Sockets;
using Talreg.Capture.Srtp;
using Talreg.Capture.Tests.Srtp;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.TestKit;

namespace Talreg.Capture.Tests.Rtcp;

/// <summary>Reports over real sockets, to a peer that reads them by itself.</summary>
public sealed class ReporterTests
{
    private const long Millisecond = 1_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", 28_000)]
    [InlineData("::1", 28_100)]
    public async Task Report_of_a_stream_that_lost_a_tenth_says_so(string address, int port)
    {
        await using var bench = new Bench(IPAddress.Parse(address), port);
        using var peer = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan);
        peer.SendRtp(take.Ports[0].Rtp, Enumerable.Range(1, 1000).Where(i => i % 10 != 5));
        await bench.StoredAsync(take, 900);
        bench.Report();
        var first = await peer.ReportAsync();
        var block = Assert.Single(first.Report.Blocks);
        Assert.Equal((1u, 25, 100, 1000u), (block.Source, block.FractionLost, block.Lost, block.Highest));
        Assert.Equal(new IPEndPoint(bench.Address, take.Ports[0].Rtcp), first.From);
        var second = await peer.ReportAsync();
        Assert.Empty(second.Report.Blocks);
        Assert.Equal((first.Report.Sender, first.Report.Name), (second.Report.Sender, second.Report.Name));
        await bench.Engine.CloseTakeAsync(take, 1, Token);
        var last = await peer.ReportAsync(report => report.Leaving.Count > 0);
        Assert.Equal([first.Report.Sender], last.Report.Leaving);
        Assert.Equal(0, bench.Engine.ReportTotals.Failed);
    }

    [Fact]
    public async Task Report_goes_to_where_the_peers_own_reports_come_from()
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_200);
        using var peer = new ReportPeer(bench.Address);
        using var behind = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan);
        bench.Report();
        await peer.ReportAsync();
        peer.SendRtp(take.Ports[0].Rtp, [1]);
        await bench.StoredAsync(take, 1);
        behind.SendReport(take.Ports[0].Rtcp);
        await Wait.UntilAsync(() => bench.Engine.Snapshot(take).Streams[0].Rtcp == 1, "the report to be read");
        peer.SendRtp(take.Ports[0].Rtp, [2]);
        var report = await behind.ReportAsync(report => report.Blocks.Count > 0);
        Assert.NotEqual(0u, report.Report.Blocks[0].LastReport);
    }

    [Fact]
    public async Task Report_under_mux_leaves_from_the_rtp_port()
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_300);
        using var peer = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan with { Reports = peer.Plan.Reports! with { Mux = true } });
        bench.Report();
        Assert.Equal(new IPEndPoint(bench.Address, take.Ports[0].Rtp), (await peer.ReportAsync()).From);
    }

    [Theory]
    [InlineData(SrtpSuite.AesCm128Tag80)]
    [InlineData(SrtpSuite.AesGcm256)]
    public async Task Report_of_a_stream_under_srtp_is_authentic_srtcp(SrtpSuite suite)
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_400);
        var sender = new SrtpSender(suite, 1);
        var ours = SrtpKeys.Create(suite);
        using var peer = new ReportPeer(bench.Address)
        {
            Key = new SrtpSealer(suite.ToName(), Convert.FromBase64String(ours.ToInline())),
        };
        var plan = peer.Plan with { Crypto = sender.Keys, Reports = peer.Plan.Reports! with { Crypto = ours } };
        var take = await bench.OpenAsync(plan);
        peer.SendRtp(take.Ports[0].Rtp, [1, 2, 4], sender.Rtp);
        await bench.StoredAsync(take, 3);
        bench.Report();
        Assert.Equal(1, Assert.Single((await peer.ReportAsync()).Report.Blocks).Lost);
        await peer.ReportAsync();
        await bench.Engine.CloseTakeAsync(take, 1, Token);
        await peer.ReportAsync(report => report.Leaving.Count > 0);
        Assert.Equal(peer.Indices.Order().Distinct(), peer.Indices);
    }

    [Fact]
    public async Task Report_is_none_for_a_stream_that_is_held_and_goes_on_after_it()
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_500);
        using var peer = new ReportPeer(bench.Address);
        using var held = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan, held.Plan with { Recorded = false });
        bench.Report();
        for (var i = 0; i < 5; i++)
        {
            await peer.ReportAsync();
        }

        Assert.Equal(0, held.Available);
        await bench.Engine.SetStreamAsync(take, 1, held.Plan, Token);
        await held.ReportAsync();
    }

    [Fact]
    public async Task Report_goes_on_while_recording_is_paused_and_counts_what_came()
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_600);
        using var peer = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan);
        await bench.Engine.SetRecordingAsync(take, false, Token);
        peer.SendRtp(take.Ports[0].Rtp, Enumerable.Range(1, 20));
        await Wait.UntilAsync(() => bench.Engine.Totals.Suppressed == 20, "20 packets to be suppressed");
        bench.Report();
        var block = Assert.Single((await peer.ReportAsync()).Report.Blocks);
        Assert.Equal((20u, 0), (block.Highest, block.Lost));
    }

    [Fact]
    public async Task Report_switched_off_is_none()
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_700, sendReports: false);
        using var peer = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan);
        peer.SendRtp(take.Ports[0].Rtp, [1]);
        await bench.StoredAsync(take, 1);
        bench.Report();
        await bench.Engine.CloseTakeAsync(take, 1, Token);
        Assert.Equal((0, 0, 0), (peer.Available, bench.Engine.ReportTotals.Sent, bench.Engine.ReportTotals.Failed));
    }

    [Fact]
    public async Task Report_that_cannot_be_sent_is_counted_and_the_stream_goes_on()
    {
        await using var bench = new Bench(IPAddress.Loopback, 28_800);
        using var peer = new ReportPeer(bench.Address);
        var take = await bench.OpenAsync(peer.Plan with
        {
            Reports = new ReportPlan { To = new IPEndPoint(IPAddress.IPv6Loopback, 4001) },
        });
        bench.Report();
        await Wait.UntilAsync(() => bench.Engine.ReportTotals.Failed > 0, "a report to fail");
        peer.SendRtp(take.Ports[0].Rtp, [1]);
        await bench.StoredAsync(take, 1);
        await bench.Engine.CloseTakeAsync(take, 1, Token);
        Assert.Equal(0, bench.Engine.ReportTotals.Sent);
    }

    /// <summary>An engine on real sockets whose reports are due when the test says so, and then every 20 ms.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly MemoryJournal _journal = new() { StartNs = MachineClock.MonotonicNs() };
        private readonly long _startNs = MachineClock.MonotonicNs();
        private volatile bool _due;

        public Bench(IPAddress address, int port, bool sendReports = true)
        {
            Address = address;
            Engine = new CaptureEngine(
                new UdpDevice(new UdpDeviceOptions
                {
                    Address = address, Ports = new PortRange { Low = (ushort)port, High = (ushort)(port + 99) },
                }),
                _journal,
                TimeProvider.System,
                sendReports: sendReports)
            {
                // Not due is looked at again 50 ms later.
                ReportIntervalNs = _ => _due
                    ? 20 * Millisecond
                    : MachineClock.MonotonicNs() - _startNs + (50 * Millisecond),
            };
        }

        public IPAddress Address { get; }

        public CaptureEngine Engine { get; }

        public void Report() => _due = true;

        public async Task<CaptureTake> OpenAsync(params StreamPlan[] plans) =>
            await Engine.OpenTakeAsync(Rtp.Identity(), default, plans, cancellationToken: Token);

        public Task StoredAsync(CaptureTake take, long packets) => Wait.UntilAsync(
            () => Engine.Snapshot(take).Streams[0].Packets == packets, $"{packets} packets to be stored");

        public ValueTask DisposeAsync() => Engine.DisposeAsync();
    }

    /// <summary>Who sends media and reads what it is told of it. Everything that comes must be a report.</summary>
    private sealed class ReportPeer : IDisposable
    {
        private readonly Socket _socket;

        public ReportPeer(IPAddress address)
        {
            _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            _socket.Bind(new IPEndPoint(address, 0));
        }

        public SrtpSealer? Key { get; init; }

        public List<uint> Indices { get; } = [];

        public int Available => _socket.Available;

        public StreamPlan Plan => Rtp.Plan with { Reports = new ReportPlan { To = Local } };

        private IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

        public void SendRtp(ushort port, IEnumerable<int> numbers, Func<byte[], uint, byte[]>? protect = null)
        {
            foreach (var number in numbers)
            {
                var packet = Rtp.Packet(number);
                _socket.SendTo(protect?.Invoke(packet, 0) ?? packet, new IPEndPoint(Local.Address, port));
            }
        }

        public void SendReport(ushort port) => _socket.SendTo(
            [0x80, 200, 0, 6, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, .. new byte[12]],
            new IPEndPoint(Local.Address, port));

        public async Task<(RtcpCompound Report, IPEndPoint From)> ReportAsync(Func<RtcpCompound, bool>? wanted = null)
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
            timeout.CancelAfter(TimeSpan.FromSeconds(10));
            var buffer = new byte[2048];
            while (true)
            {
                var received = await _socket.ReceiveFromAsync(buffer, Local, timeout.Token);
                var packet = buffer[..received.ReceivedBytes];
                if (Key is not null)
                {
                    (packet, var index) = Key.OpenRtcp(packet);
                    Indices.Add(index);
                }

                var report = RtcpCompound.Read(packet);
                if (wanted is null || wanted(report))
                {
                    return (report, (IPEndPoint)received.RemoteEndPoint);
                }
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
