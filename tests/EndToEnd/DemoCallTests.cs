using System.Collections.Concurrent;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// One call from a session border controller that shares nothing with our SIP: recorded, proved, heard.
/// </summary>
public sealed class DemoCallTests
{
    [Theory]
    [InlineData(DemoTransport.Udp)]
    [InlineData(DemoTransport.Tcp)]
    public async Task Call_is_sealed_proved_found_and_heard_sample_for_sample(DemoTransport transport)
    {
        await using var recorder = await Recorder.StartAsync();
        var placed = await PlaceAsync(new DemoCallOptions
        {
            Recorder = transport == DemoTransport.Udp
                ? recorder.Sip
                : recorder.SipTcp, Transport = transport, MaxDuration = TimeSpan.FromSeconds(3),
        });

        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(EndReason.Bye, call.EndReason);
        Assert.Equal(placed.Legs.Sum(leg =>
            leg.PacketsSent), call.Takes.Single().Streams.Sum(stream => stream.Packets));
        Assert.All(call.Takes.Single().Streams, stream => Assert.Equal((0L, 0L), (stream.Lost, stream.KernelDrops)));
        Assert.Equal(call.Participants[0].Id, call.Takes[0].Streams[0].Participant);
        Assert.Equal(call.Participants[1].Id, call.Takes[0].Streams[1].Participant);

        var wav = Wav.Read(await recorder.AudioAsync(call.Id));
        AssertHeard(wav.Left, DemoVoices.Caller(), placed, leg: 0);
        AssertHeard(wav.Right, DemoVoices.Agent(), placed, leg: 1);

        Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out var reason), reason);
        var bundle = await recorder.EvidenceAsync(call.Id);
        var report = BundleVerifier.Verify(bundle, anchor);
        Assert.True(report.ExitCode == 0, report.Text());
        Assert.Equal(3, BundleVerifier.Verify(bundle, null).ExitCode);

        var number = Uri.EscapeDataString("+442070001234");
        Assert.Equal(call.Id, Assert.Single(await recorder.SearchAsync($"party={number}&state=sealed")).Id);
        Assert.Equal(
            call.Id, Assert.Single(await recorder.SearchAsync($"channel={Uri.EscapeDataString(call.Channels[0])}")).Id);
        Assert.Empty(await recorder.SearchAsync("party=%2B4600000000"));
    }

    [Fact]
    public async Task Second_leg_that_starts_late_and_pauses_stands_in_its_place()
    {
        await using var recorder = await Recorder.StartAsync();
        var placed = await PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip,
            MaxDuration = TimeSpan.FromSeconds(8),
            AgentLeg = new DemoLegPlan
            {
                StartDelay = TimeSpan.FromSeconds(3),
                Pauses = [new DemoPause(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2))],
            },
        });

        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        var streams = call.Takes.Single().Streams;
        var wav = Wav.Read(await recorder.AudioAsync(call.Id));

        // Where the caller's voice stands says where time 0 of the legs lies in the file.
        var start = Wav.Find(wav.Left, Wav.DecodeALaw(DemoVoices.Caller().AsSpan(0, 8000)));
        Assert.InRange(start, 0, 8000);
        var agent = Wav.DecodeALaw(DemoVoices.Agent());
        AssertStands(wav.Right, start + (3 * 8000), agent.AsSpan(0, 8000), "the agent's first second");
        AssertStands(wav.Right, start + (6 * 8000), agent.AsSpan(3 * 8000, 8000), "the agent after the pause");
        var pause = wav.Right[(start + (4 * 8000) + 320)..(start + (6 * 8000) - 320)];
        Assert.All(pause, sample => Assert.Equal(0, sample));

        // Against what the sender did and not what it meant to do: it may have stood still before its first packet.
        var sent = placed.Legs[1].FirstAt!.Value - placed.Legs[0].FirstAt!.Value;
        var heard = streams[1].FirstAt!.Value - streams[0].FirstAt!.Value;
        Assert.InRange((heard - sent).TotalMilliseconds, -200, 200);
    }

    [Fact]
    public async Task A_flipped_byte_of_a_bundle_from_the_recorder_is_refused()
    {
        await using var recorder = await Recorder.StartAsync();
        var placed = await PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out _));
        var bundle = await recorder.EvidenceAsync(call.Id);
        Assert.Equal(0, BundleVerifier.Verify(bundle, anchor).ExitCode);

        var accepted = new ConcurrentBag<int>();

        // The verifier's own tests flip every byte of a sample; here it is each 13th of what the recorder writes, and fewer
        // of the page, which stands last and is covered by its hash alone.
        var page = bundle.AsSpan().IndexOf("<!DOCTYPE html>"u8);
        var places = Enumerable.Range(0, bundle.Length).Where(i => i % (i < page ? 13 : 499) == 0).ToList();
        Parallel.For(0, places.Count, () => bundle.ToArray(), (step, _, copy) =>
        {
            var i = places[step];
            copy[i] ^= (byte)(1 << (i & 7));
            var report = BundleVerifier.Verify(copy, anchor);
            if (report.ExitCode != 1 || report.Checks.All(check => check.Outcome != CheckOutcome.Failed))
            {
                accepted.Add(i);
            }

            copy[i] = bundle[i];
            return copy;
        }, _ => { });
        Assert.Empty(accepted);
    }

    internal static async Task<DemoCallResult> PlaceAsync(DemoCallOptions options)
    {
        var placed = await new DemoSbc().PlaceAsync(options, progress: null, TestContext.Current.CancellationToken);
        Assert.True(placed.Outcome == DemoOutcome.Completed, $"{placed.Outcome}: {placed.Status} {placed.Reason}");
        return placed;
    }

    // A sender that kept its pace is heard in one piece, sample for sample; one that was held up, spoken packet by packet.
    private static void AssertHeard(short[] heard, byte[] voice, DemoCallResult placed, int leg)
    {
        var wanted = Wav.DecodeALaw(voice.AsSpan(0, placed.Legs[leg].PacketsSent * 160));
        Assert.Equal(-1, Wav.FirstUnheard(heard, wanted));
        Assert.True(
            placed.LateTicks > 0 || Wav.Find(heard, wanted) >= 0, "the leg does not hold the source sample for sample");
    }

    // To ±20 ms. Speech is looked at as a whole second, so that a silence that fits anywhere proves nothing.
    private static void AssertStands(short[] heard, int wanted, ReadOnlySpan<short> voice, string what)
    {
        var found = heard.AsSpan(wanted - 160, voice.Length + 320).IndexOf(voice);
        Assert.True(found >= 0, $"{what} does not stand within 20 ms of sample {wanted}");
    }
}
