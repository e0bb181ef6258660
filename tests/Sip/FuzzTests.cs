using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Talreg.Sip.Messages;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>Mutated messages against the whole engine: nothing throws, nothing stays beyond its timers.</summary>
public sealed class FuzzTests
{
    private static readonly int Mutations = Fuzz.Mutations(100_000);

    [Fact]
    public async Task Mutated_messages_never_throw_and_leave_nothing_behind()
    {
        var seed = Fuzz.Seed(20_261_123);
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        var posted = new Queue<Action>();
        var limits = new SipLimits { MaxTransactions = 500, MaxDialogs = 100 };
        var options = new SipServerOptions { Limits = limits };
        var engine = new SipEngine(
            options, new RecordingApplication(), time, NullSipLog.Instance, posted.Enqueue);
        await using var transport = new DeafTransport();
        var flow = new SipFlow(transport, transport.LocalEndpoint, new IPEndPoint(IPAddress.Loopback, 5070), 0);
        using var src = await FakeSrc.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, 5071), tcp: false, TestContext.Current.CancellationToken);
        string[] seeds = [src.Invite(), src.Request("BYE", 2), src.Request("OPTIONS", 1), src.Request("CANCEL", 1)];
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(random, seeds, src.CallId, i);
            var sound = SipParser.TryParse(bytes, (SipFraming)(i & 1), limits, out var message, out var fault);
            if (sound)
            {
                engine.OnMessage(flow, message!);
            }
            else
            {
                Assert.NotEqual(SipFault.None, fault);
                engine.OnMalformed(flow, message, fault);
            }

            while (posted.TryDequeue(out var action))
            {
                action();
            }

            if (i % 10 == 0)
            {
                // Time goes on, else the transaction cap would answer for the rest of the run.
                time.Advance(TimeSpan.FromSeconds(1));
                engine.Timers.RunDue();
            }

            Assert.True(engine.TransactionCount <= limits.MaxTransactions + limits.MaxDialogs, $"seed {seed}, {i}");
        }

        Assert.True(engine.Accepted > 500, $"only {engine.Accepted} mutations reached a session");
        for (var i = 0; i < 200; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            engine.Timers.RunDue();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{engine.Accepted} accepted, {engine.Refusals} refused");
        Assert.Equal(0, engine.TransactionCount);
        Assert.Equal(0, engine.DialogCount);
    }

    private static byte[] Mutate(Random random, string[] seeds, string callId, int number)
    {
        // A fresh call and branch each time, else nearly all would be retransmissions of the first few.
        var text = seeds[random.Next(seeds.Length)]
            .Replace(callId, "call" + number, StringComparison.Ordinal)
            .Replace("z9hG4bK", "z9hG4bK" + number + "x", StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(text).ToList();
        for (var i = random.Next(6); i >= 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)":;,<>\"\r\n=0"[random.Next(10)]);
                    break;
                default:
                    bytes.RemoveRange(at, Math.Min(random.Next(20), bytes.Count - at - 1));
                    break;
            }
        }

        return [.. bytes];
    }

    private sealed class DeafTransport : ISipTransport
    {
        public SipTransportKind Kind => SipTransportKind.Udp;

        public IPEndPoint LocalEndpoint { get; } = new(IPAddress.Loopback, 5060);

        public void Start(ISipTransportSink sink)
        {
        }

        public bool TrySend(in SipFlow flow, byte[] message) => true;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
