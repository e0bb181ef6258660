using System.Text.Json;
using Talreg.Capture.Rtcp;

namespace Talreg.Capture.Tests;

/// <summary>
/// The short way of packets that follow one another stores and counts what the long way does: everything is delivered twice,
/// to a stream that may take it and to one whose runs are ended after each packet.
/// </summary>
public sealed class PacketRunTests
{
    private const long Millisecond = 1_000_000;
    private const int Steps = 20_000;
    private const byte EventType = 101;

    private static readonly StreamPlan Plan = Rtp.Plan with { TelephoneEvents = [EventType] };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20261124)]
    public async Task Receive_whatComes_isStoredAndCountedAsWithoutRuns(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var startNs = new FakeDevice().NowNs;
        await using var free = await Side.OpenAsync(startNs);
        await using var interrupted = await Side.OpenAsync(startNs);
        var script = new Script(seed);
        for (var step = 0; step < Steps; step++)
        {
            var next = script.Next();
            await free.DoAsync(next);
            await interrupted.DoAsync(next);
            interrupted.Take.Streams[0].Interrupt();
            if (step % 97 == 0)
            {
                // What is judged of losses waits for the end of a run.
                Assert.Equal(interrupted.Counts(judged: false), free.Counts(judged: false));
                free.Take.Streams[0].Interrupt();
                Assert.Equal(interrupted.Counts(judged: true), free.Counts(judged: true));
            }
        }

        Assert.Equal(await interrupted.CloseAsync(), await free.CloseAsync());
        Assert.Equal(interrupted.Stored(), free.Stored());
        Assert.True(free.Journal.Chunks.Count > 100, $"only {free.Journal.Chunks.Count} chunks");
    }

    [Fact]
    public async Task Snapshot_withinARun_countsItsPackets()
    {
        await using var side = await Side.OpenAsync(new FakeDevice().NowNs);
        for (var i = 0; i < 5; i++)
        {
            await side.DoAsync(new Step(20 * Millisecond, Rtp.Packet(i), Rtp.Caller, null));
            Assert.Equal(i + 1, side.Engine.Snapshot(side.Take).Streams[0].Packets);
            Assert.Equal(i + 1, side.Engine.Totals.Stored);
        }

        Assert.Empty(side.Journal.Chunks);
    }

    // One thing that happens, some time after the one before: a packet, or something done to the take.
    private sealed record Step(long AfterNs, byte[]? Packet, Hardware.SourceAddress Source, Func<Side, Task>? Command);

    // A stream as it might be: mostly in order, and everything else now and then.
    private sealed class Script(int seed)
    {
        private readonly Random _random = new(seed);
        private int _sequence;
        private uint _ssrc = 1;

        internal Step Next()
        {
            var afterNs = _random.Next(40) * Millisecond;
            return _random.Next(300) switch
            {
                0 => Packet(_sequence += 2 + _random.Next(40)),
                1 => Packet(_sequence - _random.Next(60)),
                2 => Packet(++_sequence, Rtp.Stranger),
                3 => Packet(++_sequence, ssrc: ++_ssrc),
                4 => Event(),
                5 => Report(),
                6 => new Step(afterNs, [1, 2, 3], Rtp.Caller, null),
                7 => Command(side => side.Engine.SetRecordingAsync(side.Take, on: false).AsTask()),
                8 or 9 or 10 => Command(side => side.Engine.SetRecordingAsync(side.Take, on: true).AsTask()),
                11 => Do(side => side.Device.Drop(side.Take.Ports[0].Rtp, 2)),
                12 => Do(side => side.Journal.Refuse = true),
                13 or 14 or 15 => Do(side => side.Journal.Refuse = false),
                16 => new Step(3_000 * Millisecond, Rtp.Packet(++_sequence, _ssrc), Rtp.Stranger, null),
                17 => Packet(++_sequence, payload: 1 + _random.Next(6_000)),
                18 => Command(side => side.Engine.SetStreamAsync(side.Take, 0, Plan).AsTask()),
                19 => Padded(),
                < 60 => Do(side => side.Device.Tick()),
                _ => Packet(++_sequence),
            };

            Step Packet(int sequence, Hardware.SourceAddress? source = null, uint? ssrc = null, int payload = 160) =>
                new(afterNs, Rtp.Packet(sequence, ssrc ?? _ssrc, payload: payload), source ?? Rtp.Caller, null);

            Step Event()
            {
                var packet = Rtp.Packet(++_sequence, _ssrc, payload: 4);
                packet[1] = EventType;
                return new Step(afterNs, packet, Rtp.Caller, null);
            }

            Step Padded()
            {
                var packet = Rtp.Packet(++_sequence, _ssrc);
                packet[0] |= 0x20;
                return new Step(afterNs, packet, Rtp.Caller, null);
            }

            Step Report()
            {
                var packet = new byte[28];
                packet[0] = 0x80;
                packet[1] = 200;
                packet[3] = 6;
                return new Step(afterNs, packet, Rtp.Caller, null);
            }

            Step Command(Func<Side, Task> command) => new(afterNs, null, default, command);

            Step Do(Action<Side> command) => Command(side =>
            {
                command(side);
                return Task.CompletedTask;
            });
        }
    }

    private sealed class Side : IAsyncDisposable
    {
        internal required FakeDevice Device { get; init; }

        internal required MemoryJournal Journal { get; init; }

        internal required CaptureEngine Engine { get; init; }

        internal required CaptureTake Take { get; init; }

        internal static async Task<Side> OpenAsync(long startNs)
        {
            var device = new FakeDevice { NowNs = startNs };
            var journal = new MemoryJournal { StartNs = startNs };
            var engine = new CaptureEngine(device, journal, TimeProvider.System) { MonotonicNs = () => device.NowNs };
            return new Side
            {
                Device = device,
                Journal = journal,
                Engine = engine,
                Take = await engine.OpenTakeAsync(Rtp.Identity(), default, [Plan]),
            };
        }

        internal async Task DoAsync(Step step)
        {
            Device.NowNs += step.AfterNs;
            if (step.Packet is not null)
            {
                Device.Deliver(Take.Ports[0].Rtp, step.Packet, step.Source);
            }
            else
            {
                await step.Command!(this);
            }
        }

        internal string Counts(bool judged)
        {
            var stream = Engine.Snapshot(Take).Streams[0];
            var reception = Reception.ForCopies();
            Take.Streams[0].CopyReception(reception);
            stream = judged ? stream : stream with { Quality = null };
            return JsonSerializer.Serialize((stream, Engine.Totals, reception.Sources.ToArray()), Options);
        }

        internal async Task<string> CloseAsync()
        {
            Journal.Refuse = false;
            return JsonSerializer.Serialize((await Engine.CloseTakeAsync(Take, 1)).Final.Streams, Options);
        }

        internal IEnumerable<string> Stored() => Journal.Chunks.Select(c => JsonSerializer.Serialize(c, Options));

        public ValueTask DisposeAsync() => Engine.DisposeAsync();

        private static JsonSerializerOptions Options { get; } = new() { IncludeFields = true };
    }
}
