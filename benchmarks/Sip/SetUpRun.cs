using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Talreg.Benchmarks.Sip;

/// <summary>How calls are placed.</summary>
/// <param name="Calls">How many in all.</param>
/// <param name="Window">The most between INVITE and the end of their BYE at once.</param>
/// <param name="PerSecond">INVITEs a second; 0 for as many as the window allows.</param>
internal sealed record SetUpLoad(int Calls, int Window, double PerSecond = 0);

/// <summary>Sessions set up and torn down over loopback UDP from one socket: INVITE, 200, ACK, BYE, 200.</summary>
internal sealed class SetUpRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly SetUpLoad _load;
    private readonly Socket _socket;
    private readonly string _local;
    private readonly string _prefix;
    private readonly long[] _sentAt;
    private readonly List<TimeSpan> _setUps = [];
    private readonly byte[] _buffer = new byte[65_536];
    private int _next;
    private long _started;

    private SetUpRun(SetUpLoad load, Socket socket)
    {
        _load = load;
        _socket = socket;
        _local = socket.LocalEndPoint!.ToString()!;
        _prefix = Guid.NewGuid().ToString("N")[..8];
        _sentAt = new long[load.Calls];
    }

    /// <summary>Calls whose BYE was answered 200.</summary>
    public int Completed { get; private set; }

    /// <summary>INVITEs answered otherwise than 200.</summary>
    public int Refused { get; private set; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>The time from INVITE to 200 that this part of all sessions stayed below.</summary>
    public TimeSpan Percentile(double part)
    {
        _setUps.Sort();
        return _setUps.Count == 0 ? TimeSpan.Zero : _setUps[(int)(part * (_setUps.Count - 1))];
    }

    /// <summary>Places the calls; returns when all are over, or when nothing came for some seconds.</summary>
    public static SetUpRun Run(IPEndPoint server, SetUpLoad load)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
        };
        socket.Connect(server);
        var run = new SetUpRun(load, socket);
        run.Run();
        return run;
    }

    private void Run()
    {
        _started = Stopwatch.GetTimestamp();
        var lastHeard = _started;
        while (Completed + Refused < _load.Calls && Stopwatch.GetElapsedTime(lastHeard) < Patience)
        {
            while (IsDue())
            {
                Begin(_next++);
                lastHeard = Stopwatch.GetTimestamp();
            }

            if (_socket.Poll(TimeSpan.FromMilliseconds(1), SelectMode.SelectRead))
            {
                lastHeard = Stopwatch.GetTimestamp();
                OnAnswer(Encoding.UTF8.GetString(_buffer, 0, _socket.Receive(_buffer)));
            }
        }

        Elapsed = Stopwatch.GetElapsedTime(_started);
    }

    private bool IsDue() =>
        _next < _load.Calls
        && _next - Completed - Refused < _load.Window
        && (_load.PerSecond == 0
            || _next < Stopwatch.GetElapsedTime(_started).TotalSeconds * _load.PerSecond);

    private void Begin(int number)
    {
        _sentAt[number] = Stopwatch.GetTimestamp();
        Send(SipMessages.Invite($"{_prefix}-{number}", _local));
    }

    private void OnAnswer(string text)
    {
        var isInvite = text.Contains("\r\nCSeq: 1 ", StringComparison.Ordinal);
        if (!text.StartsWith("SIP/2.0 200 ", StringComparison.Ordinal))
        {
            Refused += isInvite && !text.StartsWith("SIP/2.0 1", StringComparison.Ordinal) ? 1 : 0;
            return;
        }

        var id = Between(text, "Call-ID: ", "\r\n");
        if (!isInvite)
        {
            Completed++;
            return;
        }

        var number = int.Parse(id.AsSpan(_prefix.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        _setUps.Add(Stopwatch.GetElapsedTime(_sentAt[number]));
        var tag = Between(text[text.IndexOf("\r\nTo: ", StringComparison.Ordinal)..], ";tag=", "\r\n");
        Send(SipMessages.Ack(id, tag, _local));
        Send(SipMessages.Bye(id, tag, _local));
    }

    private void Send(string message) => _socket.Send(Encoding.UTF8.GetBytes(message));

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }
}
