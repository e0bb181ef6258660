using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Talreg.Capture.Srtp;
using Talreg.Capture.Streams;
using Talreg.Hardware;

namespace Talreg.Capture.Rtcp;

/// <summary>
/// Sends receiver reports of every live stream on one thread of its own, so that no receive thread ever waits for a send. It
/// copies what the streams count, writes into one buffer, and allocates nothing per report. It never sends RTP.
/// </summary>
internal sealed class RtcpReporter : IDisposable
{
    // A CNAME that says nothing of the machine: 96 random bits, anew for each take (RFC 7022 §4.2).
    private const int NameBytes = 12;
    private const int MostWaitMs = 1000;
    private const int MostProtection = 64;
    private const long NanosecondsPerMillisecond = 1_000_000;

    private readonly IDatagramSender _sender;
    private readonly Func<long> _monotonicNs;
    private readonly Func<bool, long> _intervalNs;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(false);

    // One joining and one leaving for each stream: bounded by the ports.
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly Dictionary<CaptureStream, ReportSession> _sessions = [];
    private readonly PriorityQueue<(CaptureStream Stream, ReportSession Session), long> _due = new();
    private readonly Reception _heard = Reception.ForCopies();
    private readonly byte[] _buffer = new byte[ReportWriter.MaxSize + MostProtection];
    private readonly SrtpWorkspace _workspace = new(ReportWriter.MaxSize + MostProtection);
    private long _sent;
    private long _failed;
    private volatile bool _stopping;
    private volatile bool _ended;

    /// <summary>Makes a reporter and starts its thread.</summary>
    /// <param name="sender">Sends from the streams' ports.</param>
    /// <param name="monotonicNs">The clock that arrival times are compared with.</param>
    /// <param name="intervalNs">Draws the time to the next report; its argument is true before the first.</param>
    internal RtcpReporter(IDatagramSender sender, Func<long> monotonicNs, Func<bool, long> intervalNs)
    {
        _sender = sender;
        _monotonicNs = monotonicNs;
        _intervalNs = intervalNs;
        _thread = new Thread(Run) { IsBackground = true, Name = "rtcp-reports" };
        _thread.Start();
    }

    /// <summary>Reports sent, and reports that the system would not send. Any thread.</summary>
    internal (long Sent, long Failed) Totals => (Volatile.Read(ref _sent), Volatile.Read(ref _failed));

    /// <summary>A name for a take's sessions, the same in all of them (RFC 3550 §6.5.1).</summary>
    internal static byte[] NewName() =>
        Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(NameBytes)));

    /// <summary>A stream begins. Any thread.</summary>
    internal void Join(CaptureStream stream, byte[] name) => Post(new Command(stream, name, Done: null));

    /// <summary>A stream ends: on completion its BYE has been sent, where a report of it was before. Any thread.</summary>
    internal Task LeaveAsync(CaptureStream stream)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new Command(stream, Name: null, done));
        return done.Task;
    }

    /// <summary>Leaves every session and ends the thread.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
    }

    private void Post(Command command)
    {
        _commands.Enqueue(command);
        _wake.Set();
        if (_ended)
        {
            CompleteLate();
        }
    }

    private void Run()
    {
        while (!_stopping)
        {
            RunCommands();
            _wake.WaitOne(RunDue());
        }

        RunCommands();
        foreach (var (stream, session) in _sessions)
        {
            Leave(stream, session);
        }

        _ended = true;
        CompleteLate();
    }

    // Nobody reports any more: what comes now is done.
    private void CompleteLate()
    {
        while (_commands.TryDequeue(out var command))
        {
            command.Done?.TrySetResult();
        }
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out var command))
        {
            if (command.Done is null)
            {
                var nowNs = _monotonicNs();
                var session = new ReportSession(command.Name!, nowNs);
                _sessions[command.Stream] = session;
                _due.Enqueue((command.Stream, session), nowNs + _intervalNs(true));
                continue;
            }

            if (_sessions.Remove(command.Stream, out var leaving))
            {
                Leave(command.Stream, leaving);
            }

            command.Done.SetResult();
        }
    }

    // What is due is sent; the rest tells how long to wait.
    private int RunDue()
    {
        while (_due.TryPeek(out var first, out var dueNs))
        {
            var nowNs = _monotonicNs();
            if (dueNs > nowNs)
            {
                return (int)Math.Min(((dueNs - nowNs) / NanosecondsPerMillisecond) + 1, MostWaitMs);
            }

            _due.Dequeue();
            if (!first.Session.HasLeft)
            {
                _due.Enqueue(first, RunDue(first.Stream, first.Session, nowNs));
            }
        }

        return MostWaitMs;
    }

    // Timer reconsideration (RFC 3550 §6.3.6): what is due by the interval drawn before is sent if it is by another one too.
    private long RunDue(CaptureStream stream, ReportSession session, long nowNs)
    {
        var dueNs = session.LastNs + _intervalNs(session.IsInitial);
        if (dueNs > nowNs)
        {
            return dueNs;
        }

        if (!TrySend(stream, session, nowNs, bye: false))
        {
            session.Skip(nowNs);
        }

        return nowNs + _intervalNs(session.IsInitial);
    }

    // Who never sent a report leaves in silence (RFC 3550 §6.3.7).
    private void Leave(CaptureStream stream, ReportSession session)
    {
        session.HasLeft = true;
        if (!session.IsInitial)
        {
            TrySend(stream, session, _monotonicNs(), bye: true);
        }

        session.Dispose();
    }

    private bool TrySend(CaptureStream stream, ReportSession session, long nowNs, bool bye)
    {
        var plan = stream.Plan;
        stream.CopyReception(_heard);
        if (ReportSession.Destination(plan, _heard) is not { } destination)
        {
            return false;
        }

        var length = session.Write(_buffer, plan, _heard, nowNs, bye, _workspace);
        if (length == 0)
        {
            return false;
        }

        var fromRtcp = plan.Reports is not { Mux: true };
        var error = _sender.Send(stream.Ports, fromRtcp, _buffer.AsSpan(0, length), destination);
        Volatile.Write(ref _sent, _sent + (error == 0 ? 1 : 0));
        Volatile.Write(ref _failed, _failed + (error == 0 ? 0 : 1));
        return true;
    }

    private readonly record struct Command(CaptureStream Stream, byte[]? Name, TaskCompletionSource? Done);
}
