using System.Buffers.Binary;
using Talreg.Capture.Quality;

namespace Talreg.Capture.Tests.Quality;

public sealed class QualityTests : IAsyncLifetime
{
    private const long Millisecond = 1_000_000;
    private const long Hour = 3_600_000_000_000;

    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new();
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System);
        _take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan with { TelephoneEvents = [101] }]);
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    // '.' came, 'x' was lost.
    [Theory]
    [InlineData("................", 0, 0, 0)]
    [InlineData("................x................", 0, 0, 0)]
    [InlineData("................xx................", 1, 2, 2)]
    [InlineData("................x...............x................", 1, 17, 2)]
    [InlineData("................x................x................", 0, 0, 0)]
    [InlineData("xx", 1, 2, 2)]
    [InlineData("x.x................x.x.x", 2, 8, 5)]
    public void LossPattern_bursts_are_those_of_the_definition(string packets, int bursts, int length, int lost)
    {
        var pattern = default(LossPattern);
        foreach (var packet in packets)
        {
            if (packet == 'x')
            {
                pattern.AddLost(1);
            }
            else
            {
                pattern.AddReceived();
            }
        }

        Assert.Equal((bursts, length, lost), (pattern.Bursts, pattern.BurstPackets, pattern.BurstLost));
        Assert.Equal((packets.Length, packets.Count(c => c == 'x')), (pattern.Packets, pattern.Lost));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_261_124)]
    public void LossPattern_of_random_losses_equals_a_search_of_the_whole(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var lost = Enumerable.Range(0, 5000).Select(_ => random.Next(14) == 0).ToArray();
        var pattern = default(LossPattern);
        for (var i = 0; i < lost.Length;)
        {
            var run = lost.Skip(i).TakeWhile(one => one).Count();
            if (run > 0)
            {
                pattern.AddLost(run);
            }
            else
            {
                pattern.AddReceived();
            }

            i += Math.Max(run, 1);
        }

        // Losses with fewer than 16 packets between them belong together.
        var places = Enumerable.Range(0, lost.Length).Where(i => lost[i]).ToList();
        var clusters = new List<List<int>>();
        foreach (var place in places)
        {
            if (clusters.Count == 0 || place - clusters[^1][^1] > LossPattern.MinGap)
            {
                clusters.Add([]);
            }

            clusters[^1].Add(place);
        }

        var bursts = clusters.Where(cluster => cluster.Count > 1).ToList();
        Assert.Equal(bursts.Count, pattern.Bursts);
        Assert.Equal(bursts.Sum(burst => burst[^1] - burst[0] + 1), pattern.BurstPackets);
        Assert.Equal(bursts.Sum(burst => burst.Count), pattern.BurstLost);
    }

    // RFC 3550 §6.4.1 by hand: differences of 0, 5, 10 and 4 ms.
    [Fact]
    public void Jitter_is_a_sixteenth_of_each_difference()
    {
        var jitter = default(InterarrivalJitter);
        jitter.Add(1, 0, 0, 8000);
        jitter.Add(1, 160, 20 * Millisecond, 8000);
        Assert.Equal(0, jitter.Now.TotalMilliseconds);
        jitter.Add(1, 320, 45 * Millisecond, 8000);
        jitter.Add(1, 480, 55 * Millisecond, 8000);
        jitter.Add(1, 640, 79 * Millisecond, 8000);
        var expected = 5 / 16.0;
        expected += (10 - expected) / 16;
        expected += (4 - expected) / 16;
        Assert.Equal(expected, jitter.Now.TotalMilliseconds, 0.001);
        jitter.Add(2, 99_999, 500 * Millisecond, 8000);
        Assert.Equal(0, jitter.Now.TotalMilliseconds);
        Assert.Equal(expected, jitter.Most.TotalMilliseconds, 0.001);
    }

    [Theory]
    [InlineData("PCMA", 0, 93.2, 4.41)]
    [InlineData("G729", 0, 82.2, 4.11)]
    [InlineData("PCMU", 1, 75.3, 3.82)]
    [InlineData("G729", 2, 74.2, 3.78)]
    public void EModel_rates_independent_losses_as_the_standard_does(
        string codec, int percent, double rating, double mos)
    {
        var pattern = default(LossPattern);
        for (var i = 0; i < 10_000; i++)
        {
            if (percent > 0 && i % (100 / percent) == 0)
            {
                pattern.AddLost(1);
            }
            else
            {
                pattern.AddReceived();
            }
        }

        var rate = EModel.Rate(codec, pattern);
        Assert.Equal(rating, rate!.Value, 0.15);
        Assert.Equal(mos, EModel.ToMos(rate.Value), 0.02);
    }

    [Fact]
    public void EModel_bursts_are_worse_and_unknown_codecs_have_no_rating()
    {
        var single = default(LossPattern);
        var burst = default(LossPattern);
        for (var i = 0; i < 100; i++)
        {
            for (var n = 0; n < 97; n++)
            {
                single.AddReceived();
                burst.AddReceived();
            }

            burst.AddLost(3);
            for (var n = 0; n < 3; n++)
            {
                single.AddLost(1);
                single.AddReceived();
            }
        }

        Assert.True(EModel.Rate("PCMA", burst) < EModel.Rate("PCMA", single));
        Assert.Null(EModel.Rate("opus", single));
    }

    [Fact]
    public async Task Receive_loss_and_disorder_make_the_quality()
    {
        // 200 packets; 50-52 lost together, 120 alone, and each tenth comes after its successor.
        var order = Enumerable.Range(0, 200).Where(i => i is not (>= 50 and <= 52) && i != 120).ToList();
        for (var i = 10; i + 1 < order.Count; i += 10)
        {
            (order[i], order[i + 1]) = (order[i + 1], order[i]);
        }

        foreach (var number in order)
        {
            Send(Rtp.Packet(number), number * 20 * Millisecond);
        }

        var quality = (await CloseAsync()).Quality!;
        Assert.Equal(4 / 200.0, quality.LossRatio, 6);
        Assert.Equal((1, 1.0), (quality.Bursts, quality.BurstDensity));
        Assert.Equal(1 / 197.0, quality.GapDensity, 6);
        Assert.Equal(0, quality.MaxJitter.TotalMilliseconds, 3);
        Assert.InRange(quality.Rating!.Value, 1, 92);
    }

    [Fact]
    public async Task Receive_pause_and_events_are_neither_loss_nor_jitter()
    {
        for (var i = 0; i < 60; i++)
        {
            if (i == 20)
            {
                await _engine.SetRecordingAsync(_take, false);
            }
            else if (i == 40)
            {
                await _engine.SetRecordingAsync(_take, true);
            }

            var packet = Rtp.Packet(i);
            if (i is 5 or 6 or 7)
            {
                packet[1] = 101;
                BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), 5 * 160);
            }

            Send(packet, i * 20 * Millisecond);
        }

        var stream = await CloseAsync();
        Assert.Equal(0, stream.Quality!.LossRatio);
        Assert.Equal(0, stream.Quality.MaxJitter.TotalMilliseconds, 3);
    }

    [Fact]
    public async Task Receive_jump_of_half_a_turn_is_loss_of_so_many()
    {
        Send(Rtp.Packet(0), 0);
        Send(Rtp.Packet(30_000), Millisecond);
        Send(Rtp.Packet(30_001), 2 * Millisecond);
        Assert.Equal(29_999 / 30_002.0, (await CloseAsync()).Quality!.LossRatio, 6);
    }

    // An hour ahead: what the engine switches by the machine's own clock lies before every packet.
    private void Send(byte[] packet, long atNs) =>
        _device.Deliver(_take.Ports[0].Rtp, packet, Rtp.Caller, _journal.StartNs + Hour + atNs);

    private async Task<StreamSnapshot> CloseAsync() => (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
}
