using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Talreg.Benchmarks.Processes;

namespace Talreg.Benchmarks.Capture;

/// <summary>
/// rtpengine as a recorder and nothing else: every call recorded to a pcap file, its media blocked, so that nothing is
/// forwarded; user space, one worker thread. In clear, never synced.
/// </summary>
internal sealed partial class RtpengineCompetitor() : Competitor(Names.Rtpengine)
{
    private const string Program = "rtpengine";
    private const int ControlPort = 22222;
    private const int SinkPort = 9000;
    private const int MaxCalls = 2000;
    private const int FileHeaderBytes = 24;
    private const int RecordBytes = 16 + 28 + 172;
    private const int AnswerBytes = 65536;
    private const int StartAttempts = 100;

    private static readonly TimeSpan StartPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(1.5);

    private static readonly string Offer = string.Join("\r\n",
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
        FormattableString.Invariant($"m=audio {SinkPort} RTP/AVP 0"), "a=rtpmap:0 PCMU/8000", "a=ptime:20", "");

    internal static bool IsInstalled => Programs.IsInstalled(Program);

    // A call takes five descriptors, two files among them.
    internal override bool Takes(Scenario scenario) => scenario.Pairs is > 1 and <= 2 * MaxCalls;

    internal override async Task<TrialResult> RunAsync(Trial trial)
    {
        var recordings = Directory.CreateDirectory(Path.Combine(trial.Folder, "rec")).FullName;
        string[] command =
        [
            Program, "--interface=127.0.0.1", $"--listen-ng=127.0.0.1:{ControlPort}", "--table=-1", "--port-min=30000",
            "--port-max=60000", "--num-threads=1", "--foreground", "--log-stderr", "--log-level=3", "--timeout=600",
            "--silent-timeout=600", $"--recording-dir={recordings}", "--recording-method=pcap",
            "--recording-format=raw", $"--pidfile={Path.Combine(trial.Folder, "pid")}",
        ];
        var child = Child.Start(Trial.RecorderProcessor, command, trial.Network?.Name);
        await using var disposing = child.ConfigureAwait(false);
        var ports = await trial.OnThreadAsync(() => OpenCalls(trial.Scenario.Pairs / 2)).ConfigureAwait(false);

        TimeSpan before = default;
        TimeSpan after = default;
        var (warmUp, measured) = await trial.SendAsync(
            ports,
            () => Task.FromResult(before = child.Cpu),
            () => Task.FromResult(after = child.Cpu)).ConfigureAwait(false);
        await trial.RestAsync(FlushTime).ConfigureAwait(false);
        await child.InterruptAsync().ConfigureAwait(false);
        return new TrialResult
        {
            Offered = measured.Sent,
            OfferedPerSecond = measured.PerSecond,
            Cpu = after - before,
            Lost = Math.Max(0, warmUp.Sent + measured.Sent - Recorded(recordings)),
        };
    }

    private static int[] OpenCalls(int calls)
    {
        using var control = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        control.Connect(new IPEndPoint(IPAddress.Loopback, ControlPort));
        control.Client.ReceiveTimeout = (int)AnswerPatience.TotalMilliseconds;
        WaitUntilItAnswers(control);
        var ports = new List<int>();
        for (var call = 0; call < calls; call++)
        {
            var id = FormattableString.Invariant($"call{call}");
            ports.Add(MediaPort(Ask(control, "offer", id)));
            ports.Add(MediaPort(Ask(control, "answer", id)));
            Ask(control, "block media", id);
        }

        return [.. ports];
    }

    // While nobody listens, the port's refusal comes back at once as an error of the next call.
    private static void WaitUntilItAnswers(UdpClient control)
    {
        for (var attempt = 0; attempt < StartAttempts; attempt++)
        {
            using var pause = new ManualResetEvent(initialState: false);
            pause.WaitOne(StartPause);
            try
            {
                control.Send("start d7:command4:pinge"u8);
                control.Client.Receive(new byte[AnswerBytes]);
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                continue;
            }
        }

        throw new BenchmarkException("rtpengine did not start");
    }

    private static string Ask(UdpClient control, string command, string call)
    {
        var members = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["command"] = command,
            ["call-id"] = call,
            ["from-tag"] = "a",
        };
        if (command != "block media")
        {
            members["sdp"] = Offer;
            members["ICE"] = "remove";
            members["flags"] = new[] { "asymmetric", "trust address" };
            members["record call"] = "yes";
        }

        if (command == "answer")
        {
            members["to-tag"] = "b";
        }

        control.Send(Encoding.UTF8.GetBytes($"{call}{command[0]} {Bencode.Write(members)}"));
        var answer = new byte[AnswerBytes];
        var text = Encoding.UTF8.GetString(answer, 0, control.Client.Receive(answer));
        return text.Contains("6:result2:ok", StringComparison.Ordinal)
            ? text
            : throw new BenchmarkException($"rtpengine refused {command}: {text}");
    }

    private static int MediaPort(string answer) =>
        int.Parse(MediaLine().Match(answer).Groups["port"].Value, CultureInfo.InvariantCulture);

    private static long Recorded(string folder) => Directory
        .EnumerateFiles(folder, "*.pcap", SearchOption.AllDirectories)
        .Sum(file => Math.Max(0, new FileInfo(file).Length - FileHeaderBytes) / RecordBytes);

    [GeneratedRegex("m=audio (?<port>[0-9]+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MediaLine();
}
