using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Talreg.Sip.Messages;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>The engine alone: a clock that only tests move, a transport that keeps what is sent.</summary>
internal sealed class EngineBench : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly KeepingTransport _transport;

    private EngineBench(FakeSrc src, SipTransportKind kind, Func<SipServerOptions, SipServerOptions>? options)
    {
        Src = src;
        _transport = new KeepingTransport(kind);
        Flow = new SipFlow(_transport, _transport.LocalEndpoint, src.Local, kind == SipTransportKind.Udp ? 0 : 1);
        Engine = new SipEngine(
            options?.Invoke(new SipServerOptions()) ?? new SipServerOptions(), Application, _time, Log,
            _posted.Enqueue);
    }

    public SipEngine Engine { get; }

    public FakeSrc Src { get; }

    public RecordingApplication Application { get; } = new();

    public KeepingLog Log { get; } = new();

    public SipFlow Flow { get; }

    /// <summary>What was sent and not yet looked at.</summary>
    public List<(string Text, IPEndPoint Remote, TimeSpan At)> Sent => _transport.Sent;

    public bool IsDeaf { set => _transport.IsDeaf = value; }

    public TimeSpan Now => TimeSpan.FromTicks(_time.GetUtcNow().Ticks - _time.Start.Ticks);

    public static async Task<EngineBench> CreateAsync(
        SipTransportKind kind = SipTransportKind.Udp, Func<SipServerOptions, SipServerOptions>? options = null)
    {
        var src = await FakeSrc.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, 5071), tcp: false, TestContext.Current.CancellationToken);
        var bench = new EngineBench(src, kind, options);
        bench._transport.Now = () => bench.Now;
        return bench;
    }

    /// <summary>Gives the engine a message and returns what it sent at once.</summary>
    public List<string> Receive(string text, SipFlow? flow = null) => Receive(Encoding.UTF8.GetBytes(text), flow);

    /// <summary>The same with bytes.</summary>
    public List<string> Receive(byte[] bytes, SipFlow? flow = null)
    {
        var before = Sent.Count;
        if (SipParser.TryParse(bytes, SipFraming.Datagram, Engine.Options.Limits, out var message, out var fault))
        {
            Engine.OnMessage(flow ?? Flow, message!);
        }
        else
        {
            Engine.OnMalformed(flow ?? Flow, message, fault);
        }

        Pump();
        return [.. Sent.Skip(before).Select(one => one.Text)];
    }

    /// <summary>Runs what the application's answers posted.</summary>
    public void Pump()
    {
        while (_posted.TryDequeue(out var action))
        {
            action();
        }
    }

    public Task PumpUntilAsync(Func<bool> condition, string what) => Wait.UntilAsync(
        () =>
        {
            Pump();
            return condition();
        },
        what);

    /// <summary>Lets time pass in small steps.</summary>
    public void Advance(TimeSpan span)
    {
        for (var end = Now + span; Now < end;)
        {
            _time.Advance(Step);
            Engine.Timers.RunDue();
        }
    }

    /// <summary>When messages that begin so were sent, in whole milliseconds from <paramref name="from"/>.</summary>
    public int[] TimesOf(string start, TimeSpan from) =>
        [.. Sent.Where(one => one.Text.StartsWith(start, StringComparison.Ordinal) && one.At > from)
            .Select(one => (int)(one.At - from).TotalMilliseconds)];

    /// <summary>A session that has been answered and, if wished, acknowledged.</summary>
    public string Establish(string? invite = null, bool acknowledge = true)
    {
        var ok = Receive(invite ?? Src.Invite())[^1];
        Assert.StartsWith("SIP/2.0 200 ", ok, StringComparison.Ordinal);
        Src.ToTag = FakeSrc.TagOf(ok);
        if (acknowledge)
        {
            Receive(Src.Request("ACK", 1));
        }

        return ok;
    }

    /// <summary>A response to a request of ours.</summary>
    public static string Answer(string request, int status, string headers = "")
    {
        string[] copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        var lines = request.Split("\r\n")
            .Where(line => copied.Any(one => line.StartsWith(one, StringComparison.Ordinal)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SIP/2.0 {status} X\r\n{string.Join("\r\n", lines)}\r\n{headers}Content-Length: 0\r\n\r\n");
    }

    public async ValueTask DisposeAsync()
    {
        Src.Dispose();
        await _transport.DisposeAsync();
    }

    private sealed class KeepingTransport(SipTransportKind kind) : ISipTransport
    {
        public List<(string Text, IPEndPoint Remote, TimeSpan At)> Sent { get; } = [];

        public Func<TimeSpan> Now { get; set; } = () => TimeSpan.Zero;

        public bool IsDeaf { get; set; }

        public SipTransportKind Kind => kind;

        public IPEndPoint LocalEndpoint { get; } = new(IPAddress.Loopback, 5060);

        public void Start(ISipTransportSink sink)
        {
        }

        public bool TrySend(in SipFlow flow, byte[] message)
        {
            Sent.Add((Encoding.UTF8.GetString(message), flow.Remote, Now()));
            return !IsDeaf;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>Keeps what the server reports.</summary>
internal sealed class KeepingLog : ISipLog
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public void ApplicationFailed(string operation, string callId, Exception exception) =>
        Lines.Enqueue($"{operation}: {exception.Message}");

    public void TransportFailed(SipTransportKind transport, IPEndPoint endpoint, Exception exception) =>
        Lines.Enqueue($"{transport}: {exception.Message}");

    public void MessageFailed(IPEndPoint source, Exception exception) => Lines.Enqueue("message: " + exception.Message);

    public void WorkFailed(Exception exception) => Lines.Enqueue("work: " + exception.Message);
}
