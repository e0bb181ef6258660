using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Talreg.Benchmarks.Sip;

/// <summary>One recording session over UDP, without media. Disposing leaves it to the recorder's time-outs, or was preceded by
/// <see cref="End"/>.</summary>
internal sealed partial class RecordedCall : IDisposable
{
    private const int PatienceMs = 60_000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
    {
        ReceiveTimeout = PatienceMs,
    };

    private readonly byte[] _buffer = new byte[65_536];
    private readonly string _id;
    private readonly string _local;
    private string _toTag = "";

    private RecordedCall(IPEndPoint recorder, string id)
    {
        _id = id;
        _socket.Connect(recorder);
        _local = _socket.LocalEndPoint!.ToString()!;
    }

    /// <summary>Sends an INVITE, waits for its 200, and acknowledges it.</summary>
    /// <exception cref="BenchmarkException">It was refused.</exception>
    internal static RecordedCall Begin(IPEndPoint recorder, string id)
    {
        var call = new RecordedCall(recorder, id);
        var answer = call.Ask(SipMessages.Invite(id, call._local));
        call._toTag = ToTag().Match(answer).Groups["tag"].Value;
        call.Send(SipMessages.Ack(id, call._toTag, call._local));
        return call;
    }

    /// <summary>Sends a BYE and waits for its 200.</summary>
    internal void End() => Ask(SipMessages.Bye(_id, _toTag, _local));

    public void Dispose() => _socket.Dispose();

    private string Ask(string request)
    {
        Send(request);
        string answer;
        do
        {
            answer = Encoding.UTF8.GetString(_buffer, 0, _socket.Receive(_buffer));
        }
        while (answer.StartsWith("SIP/2.0 1", StringComparison.Ordinal));

        return answer.StartsWith("SIP/2.0 200 ", StringComparison.Ordinal)
            ? answer
            : throw new BenchmarkException($"{request.Split(' ')[0]} was answered {answer.Split('\r')[0]}.");
    }

    private void Send(string message) => _socket.Send(Encoding.UTF8.GetBytes(message));

    [GeneratedRegex("\r\nTo: [^\r]*;tag=(?<tag>[^;\r]+)", RegexOptions.None, 1000)]
    private static partial Regex ToTag();
}
