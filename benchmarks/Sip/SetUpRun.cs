using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Talreg.Sip;

namespace Talreg.Benchmarks.Sip;

/// <summary>Sessions set up and torn down over loopback UDP, a fixed number at once.</summary>
internal sealed class SetUpRun
{
    private readonly List<TimeSpan> _setUps = [];

    public int Completed { get; private set; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>Processor time of client and server.</summary>
    public TimeSpan Cpu { get; private set; }

    /// <summary>The time from INVITE to 200 that this part of all sessions stayed below.</summary>
    public TimeSpan Percentile(double part)
    {
        _setUps.Sort();
        return _setUps.Count == 0 ? TimeSpan.Zero : _setUps[(int)(part * (_setUps.Count - 1))];
    }

    public static async Task<SetUpRun> RunAsync(int calls, int window)
    {
        var options = new SipServerOptions { UdpListeners = [new IPEndPoint(IPAddress.Loopback, 0)] };
        var server = new SipServer(options, new AcceptingApplication(), TimeProvider.System, NullSipLog.Instance);
        await using (server.ConfigureAwait(false))
        {
            await server.StartAsync(CancellationToken.None).ConfigureAwait(false);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            {
                ReceiveBufferSize = 4 << 20,
            };
            await socket.ConnectAsync(server.BoundEndpoints[0].Endpoint).ConfigureAwait(false);
            var run = new SetUpRun();
            run.Run(socket, calls, window);
            return run;
        }
    }

    private void Run(Socket socket, int calls, int window)
    {
        socket.ReceiveTimeout = 2_000;
        var local = socket.LocalEndPoint!.ToString()!;
        var sentAt = new long[calls];
        var buffer = new byte[65_536];
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        var next = 0;
        for (; next < Math.Min(window, calls); next++)
        {
            Begin(next);
        }

        while (Completed < calls && TryReceive(socket, buffer, out var text))
        {
            if (!text.StartsWith("SIP/2.0 200 ", StringComparison.Ordinal))
            {
                continue;
            }

            var id = Between(text, "Call-ID: ", "\r\n");
            if (text.Contains("\r\nCSeq: 1 ", StringComparison.Ordinal))
            {
                _setUps.Add(Stopwatch.GetElapsedTime(sentAt[int.Parse(id, CultureInfo.InvariantCulture)]));
                var tag = Between(text[text.IndexOf("\r\nTo: ", StringComparison.Ordinal)..], ";tag=", "\r\n");
                Send(socket, SipMessages.Ack(id, tag, local));
                Send(socket, SipMessages.Bye(id, tag, local));
            }
            else
            {
                Completed++;
                if (next < calls)
                {
                    Begin(next++);
                }
            }
        }

        Elapsed = Stopwatch.GetElapsedTime(started);
        Cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;

        void Begin(int number)
        {
            sentAt[number] = Stopwatch.GetTimestamp();
            Send(socket, SipMessages.Invite(number.ToString(CultureInfo.InvariantCulture), local));
        }
    }

    private static void Send(Socket socket, string message) => socket.Send(Encoding.UTF8.GetBytes(message));

    /// <summary>False when nothing came for two seconds: what is missing then shows in the figures.</summary>
    private static bool TryReceive(Socket socket, byte[] buffer, out string text)
    {
        try
        {
            text = Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut)
        {
            text = "";
            return false;
        }
    }

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private sealed class AcceptingApplication : ISipApplication
    {
        private int _last;

        public SipHealth Health => SipHealth.Accepting;

        public ValueTask<SessionAnswer> OnInviteAsync(SessionOffer offer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(SessionAnswer.Accept(
                Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture),
                [new MediaAnswer(30_000), new MediaAnswer(30_002)]));

        public ValueTask<SessionAnswer> OnReinviteAsync(
            string dialogId, SessionOffer offer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(SessionAnswer.Accept(dialogId, []));

        public void OnConfirmed(string dialogId)
        {
        }

        public void OnEnded(string dialogId, SessionEnd end)
        {
        }

        public void OnRefused(SipRefusal refusal)
        {
        }
    }
}
