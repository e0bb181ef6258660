using Talreg.Media.Merge;
using Talreg.Media.Rtp;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests.Merge;

/// <summary>What holds of every merge, whatever was lost where.</summary>
public sealed class TakeMergerTests
{
    private static readonly ForkNumbers Renumbered = new(0xCAFE, 1234, 777_777);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Merge_of_forks_with_different_losses_is_their_union_and_tells_whose_each_packet_is(int seed)
    {
        var forks = new Forks(seed, 400);
        var (first, second) = (forks.Lose(10), forks.Lose(40));
        var merged = TakeMerger.Merge(
        [
            forks.Take(0, forks.Stream(first)), forks.Take(3_700_000_000, forks.Stream(second)),
        ]);

        var stream = Assert.Single(merged.Streams);
        Assert.Equal(first.Union(second).Order(), Numbers(forks, stream));
        Assert.Equal(
            Numbers(forks, stream).Select(i => first.Contains(i) ? 0 : 1), stream.Takes.Select(take => (int)take));
        var healed = second.Except(first).Count();
        Assert.Equal(
            [
                new MergedSource(0, 0, MergeJoin.First, first.Count, first.Count, first.Except(second).Count()),
                new MergedSource(1, 0, MergeJoin.Source, second.Count, healed, healed),
            ],
            stream.Sources);
        Assert.Equal((0, 0), (stream.Disagreements, stream.Paused));
        AssertInOrder(stream);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Merge_of_forks_that_number_differently_finds_the_offset_from_payloads(int seed)
    {
        var forks = new Forks(seed, 400, quiet: 3);
        var (first, second) = (forks.Lose(20), forks.Lose(20));
        var merged = TakeMerger.Merge(
        [
            forks.Take(0, forks.Stream(first)), forks.Take(-2_000_000_000, forks.Stream(second, Renumbered, "other")),
        ]);

        var stream = Assert.Single(merged.Streams);
        Assert.Equal(MergeJoin.Payload, stream.Sources[1].Join);
        Assert.Equal(first.Union(second).Count(), stream.Audio.Packets.Count);
        Assert.All(stream.Audio.Packets, stored =>
        {
            Assert.True(RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _));
            Assert.Equal(0x1234u, rtp.Ssrc);
            Assert.Equal(forks.Payloads[Number(rtp)], rtp.Payload.ToArray());
        });
        AssertInOrder(stream);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Merge_is_heard_like_a_take_that_lost_only_what_all_lost(int seed)
    {
        var forks = new Forks(seed, 300);
        var (first, second, third) = (forks.Lose(30), forks.Lose(30), forks.Lose(30));
        var merged = TakeMerger.Merge(
        [
            forks.Take(0, forks.Stream(first)),
            forks.Take(900_000_000, forks.Stream(second)),
            forks.Take(-900_000_000, forks.Stream(third, Renumbered)),
        ]);
        var whole = first.Union(second).Union(third).ToHashSet();

        var heard = RtpPackets.Left(RtpPackets.Render(
            merged.StartNs, merged.EndNs, [.. merged.Streams.Select(stream => stream.Audio)]));

        Assert.Single(merged.Streams);
        var start = heard.AsSpan().IndexOf(RtpPackets.Decode(forks.Payloads[whole.Min()]).AsSpan(40, 80)) - 40;
        Assert.True(start >= 0, "the first packet is heard");
        foreach (var i in whole)
        {
            var at = start + ((i - whole.Min()) * RtpPackets.Samples);
            Assert.Equal(RtpPackets.Decode(forks.Payloads[i]), heard[at..(at + RtpPackets.Samples)]);
        }
    }

    [Fact]
    public void Merge_of_a_take_with_itself_is_the_take()
    {
        var forks = new Forks(seed: 77, packets: 200);
        var take = forks.Take(0, forks.Stream(forks.Lose(5)));
        var merged = TakeMerger.Merge([take, take]);

        var stream = Assert.Single(merged.Streams);
        Assert.Equal(
            take.Streams[0].Packets.Select(stored => stored.Packet), stream.Audio.Packets.Select(one => one.Packet));
        Assert.All(stream.Takes, from => Assert.Equal(0, from));
        Assert.Equal(0, stream.Sources[1].Used);
        Assert.Equal(
            (take.StartNs + take.RealTimeOffsetNs, take.EndNs + take.RealTimeOffsetNs), (merged.StartNs, merged.EndNs));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Merge_takes_nothing_from_the_time_in_which_another_take_paused(int seed)
    {
        var forks = new Forks(seed, 400);
        var all = forks.Lose(0);
        const long ClockNs = 1_500_000_000;
        var paused = forks.Take(ClockNs, forks.Stream(all.Where(i => i is < 100 or >= 200)));
        var zero = paused.StartNs + paused.RealTimeOffsetNs;
        paused = paused with
        {
            Pauses = [new MergePause(0, zero + (100 * RtpPackets.PacketNs), zero + (200 * RtpPackets.PacketNs))],
        };
        MergeTake[] takes = seed % 2 == 0
            ? [paused, forks.Take(0, forks.Stream(all))]
            : [forks.Take(0, forks.Stream(all)), paused];

        var stream = Assert.Single(TakeMerger.Merge(takes).Streams);

        Assert.Equal(all.Where(i => i is < 100 or >= 200), Numbers(forks, stream));
        Assert.Equal(100, stream.Paused);
    }

    [Fact]
    public void Merge_leaves_out_only_what_a_take_was_told_not_to_store()
    {
        // Keys pressed are kept out of a take whose audio goes on.
        var forks = new Forks(seed: 5, packets: 200);
        var all = forks.Lose(0);
        var careful = forks.Take(0, forks.Stream(all.Where(i => i % 10 != 5)));
        var zero = careful.StartNs + careful.RealTimeOffsetNs;
        careful = careful with
        {
            Pauses = [new MergePause(0, zero + (50 * RtpPackets.PacketNs), zero + (150 * RtpPackets.PacketNs))],
        };

        var stream = Assert.Single(TakeMerger.Merge([forks.Take(0, forks.Stream(all)), careful]).Streams);

        Assert.Equal(all.Where(i => i % 10 != 5 || i is < 50 or >= 150), Numbers(forks, stream));
    }

    [Fact]
    public void Merge_flags_packets_whose_payloads_differ_and_keeps_the_first_takes()
    {
        var forks = new Forks(seed: 9, packets: 120);
        var all = forks.Lose(0);
        var second = forks.Stream(all);
        int[] altered = [3, 50, 119];
        foreach (var i in altered)
        {
            var packet = second.Packets[i].Packet.ToArray();
            packet[40] ^= 1;
            second = second with { Packets = [.. second.Packets.Select((stored, at) => at == i
                ? stored with { Packet = packet }
                : stored)] };
        }

        var stream = Assert.Single(
            TakeMerger.Merge([forks.Take(0, forks.Stream(all)), forks.Take(0, second)]).Streams);

        Assert.Equal(altered.Length, stream.Disagreements);
        Assert.Equal(forks.Payloads, stream.Audio.Packets.Select(stored => stored.Packet[12..].ToArray()));
    }

    [Fact]
    public void Merge_of_streams_that_share_nothing_leaves_them_side_by_side()
    {
        var (one, other) = (new Forks(seed: 11, packets: 100), new Forks(seed: 12, packets: 100));
        var merged = TakeMerger.Merge(
        [
            one.Take(0, one.Stream(one.Lose(0))), one.Take(0, other.Stream(other.Lose(0), Renumbered)),
        ]);

        Assert.Equal([MergeJoin.First, MergeJoin.Apart], merged.Streams.Select(stream => stream.Sources[0].Join));
        Assert.All(merged.Streams, stream => Assert.Equal(100, stream.Audio.Packets.Count));
    }

    [Fact]
    public void Merge_by_payload_wants_fifty_packets()
    {
        var forks = new Forks(seed: 13, packets: MergeRules.LeastMatches);
        var all = forks.Lose(0);
        Assert.Single(Renumber(all).Streams);
        Assert.Equal(2, Renumber(all[..^1]).Streams.Count);

        MergedCall Renumber(List<int> kept) => TakeMerger.Merge(
        [
            forks.Take(0, forks.Stream(kept)), forks.Take(0, forks.Stream(kept, Renumbered)),
        ]);
    }

    [Fact]
    public void Merge_pairs_legs_by_their_packets_and_not_by_their_order_or_label()
    {
        var (caller, agent) = (new Forks(seed: 14, packets: 150), new Forks(seed: 15, packets: 150));
        var agentNumbers = new ForkNumbers(0x77, 10, 20);
        var merged = TakeMerger.Merge(
        [
            caller.Take(0, caller.Stream(caller.Lose(10)), agent.Stream(agent.Lose(10), agentNumbers, "2")),
            caller.Take(0, agent.Stream(agent.Lose(10), agentNumbers), caller.Stream(caller.Lose(10), label: "2")),
        ]);

        Assert.Equal([1, 0], merged.Streams.Select(stream => stream.Sources[1].Stream));
        Assert.Equal(["1", "2"], merged.Streams.Select(stream => stream.Audio.Label));
    }

    [Fact]
    public void Merge_of_a_take_that_goes_on_where_another_ended_joins_them()
    {
        var forks = new Forks(seed: 16, packets: 200);
        var all = forks.Lose(0);
        var merged = TakeMerger.Merge(
        [
            forks.Take(0, forks.Stream(all[..90])), forks.Take(0, forks.Stream(all[110..])),
        ]);

        var stream = Assert.Single(merged.Streams);
        Assert.Equal(MergeJoin.Source, stream.Sources[1].Join);
        Assert.Equal(all[..90].Concat(all[110..]), Numbers(forks, stream));
    }

    [Fact]
    public void Merge_of_a_take_that_goes_on_under_another_source_joins_legs_by_label()
    {
        var (one, other) = (new Forks(seed: 17, packets: 200), new Forks(seed: 18, packets: 200));
        var merged = TakeMerger.Merge(
        [
            one.Take(0, one.Stream(Enumerable.Range(0, 90)), other.Stream(Enumerable.Range(0, 90), label: "2")),
            one.Take(
                0,
                other.Stream(Enumerable.Range(110, 90), Renumbered with { Ssrc = 7 }, "2"),
                one.Stream(Enumerable.Range(110, 90), Renumbered)),
        ]);

        Assert.Equal(["1", "2"], merged.Streams.Select(stream => stream.Audio.Label));
        Assert.Equal([1, 0], merged.Streams.Select(stream => stream.Sources[1].Stream));
        Assert.All(merged.Streams, stream => Assert.Equal(
            (MergeJoin.Label, 180), (stream.Sources[1].Join, stream.Audio.Packets.Count)));
    }

    private static List<int> Numbers(Forks forks, MergedStream stream) => [.. stream.Audio.Packets.Select(stored =>
    {
        Assert.True(RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _));
        var number = Number(rtp);
        Assert.Equal(forks.Payloads[number], rtp.Payload.ToArray());
        return number;
    }).Order()];

    private static int Number(in RtpPacketView rtp) => (ushort)(rtp.SequenceNumber - 65_000);

    private static void AssertInOrder(MergedStream stream) => Assert.Equal(
        stream.Audio.Packets.Select(stored => stored.ArrivalNs).Order(),
        stream.Audio.Packets.Select(stored => stored.ArrivalNs));
}
