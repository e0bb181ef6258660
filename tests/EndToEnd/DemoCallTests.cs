using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>One call from a session border controller that shares nothing with our SIP: recorded, proved, heard.</summary>
public sealed class DemoCallTests
{
    [Theory]
    [InlineData(DemoTransport.Udp)]
    [InlineData(DemoTransport.Tcp)]
    public async Task Call_is_sealed_proved_found_and_heard_sample_for_sample(DemoTransport transport)
    {
        await using var recorder = await Recorder.StartAsync();
        var placed = await PlaceAsync(recorder, new DemoCallOptions
        {
            Recorder = recorder.Sip, Transport = transport, MaxDuration = TimeSpan.FromSeconds(3),
        });

        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.Equal(EndReason.Bye, call.EndReason);
        Assert.Equal(placed.Legs.Sum(leg => leg.PacketsSent), call.Takes.Single().Streams.Sum(stream => stream.Packets));
        Assert.All(call.Takes.Single().Streams, stream => Assert.Equal((0L, 0L), (stream.Lost, stream.KernelDrops)));
        Assert.Equal("0", call.Takes[0].Streams[0].Participant is null ? "1" : "0");

        var wav = Wav.Read(await recorder.AudioAsync(call.Id));
        AssertHeard(wav.Left, DemoVoices.Caller(), placed.Legs[0].PacketsSent);
        AssertHeard(wav.Right, DemoVoices.Agent(), placed.Legs[1].PacketsSent);

        Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out var reason), reason);
        var bundle = await recorder.EvidenceAsync(call.Id);
        var report = BundleVerifier.Verify(bundle, anchor);
        Assert.True(report.ExitCode == 0, report.Text());
        Assert.Equal(3, BundleVerifier.Verify(bundle, null).ExitCode);

        var number = Uri.EscapeDataString("+442070001234");
        Assert.Equal(call.Id, Assert.Single(await recorder.SearchAsync($"party={number}&state=sealed")).Id);
        Assert.Equal(call.Id, Assert.Single(await recorder.SearchAsync($"channel={Uri.EscapeDataString(call.Channels[0])}")).Id);
        Assert.Empty(await recorder.SearchAsync("party=%2B4600000000"));
    }

    [Fact]
    public async Task Second_leg_that_starts_late_and_pauses_stands_in_its_place()
    {
        await using var recorder = await Recorder.StartAsync();
        var placed = await PlaceAsync(recorder, new DemoCallOptions
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

        // The caller's first second says where time 0 of the legs lies in the file.
        var caller = Wav.Find(wav.Left, Wav.DecodeALaw(DemoVoices.Caller().AsSpan(0, 8000)));
        var agent = Wav.DecodeALaw(DemoVoices.Agent());
        Assert.InRange(caller, 0, 8000);
        var before = Wav.Find(wav.Right.AsSpan(caller), agent.AsSpan(0, 8000));
        AssertNear(3 * 8000, before, "the agent's first second");
        Assert.All(wav.Right[(caller + (4 * 8000) + 320)..(caller + (6 * 8000) - 320)], sample => Assert.InRange(sample, -8, 8));
        var first = (streams[1].FirstAt!.Value - streams[0].FirstAt!.Value).TotalSeconds;
        Assert.InRange(first, 2.98, 3.06);

        // After the pause the voice goes on where a listener of the call would have heard it.
        var after = wav.Right.AsSpan(caller + (6 * 8000) - 160);
        var resumed = FindAny(after, agent);
        Assert.True(resumed is >= 0 and <= 320, $"the agent's voice resumes {resumed - 160} samples from its place");
    }

    [Fact]
    public async Task Every_flipped_byte_of_a_bundle_from_the_recorder_is_refused()
    {
        await using var recorder = await Recorder.StartAsync();
        var placed = await PlaceAsync(recorder, new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(1),
        });
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out _));
        var bundle = await recorder.EvidenceAsync(call.Id);
        Assert.Equal(0, BundleVerifier.Verify(bundle, anchor).ExitCode);

        // Every 7th byte here, beginning at a different place for each run's bundle; every byte of a 1 s call's bundle is the verifier's own test.
        var accepted = new System.Collections.Concurrent.ConcurrentBag<int>();
        Parallel.For(0, bundle.Length / 7, i =>
        {
            var copy = bundle.ToArray();
            copy[i * 7] ^= 0x01;
            var report = BundleVerifier.Verify(copy, anchor);
            if (report.ExitCode != 1 || report.Checks.All(check => check.Outcome != CheckOutcome.Failed))
            {
                accepted.Add(i * 7);
            }
        });
        Assert.Empty(accepted);
    }

    internal static async Task<DemoCallResult> PlaceAsync(Recorder recorder, DemoCallOptions options)
    {
        Assert.NotNull(recorder);
        var placed = await new DemoSbc().PlaceAsync(options, progress: null, TestContext.Current.CancellationToken);
        Assert.True(placed.Outcome == DemoOutcome.Completed, $"{placed.Outcome}: {placed.Status} {placed.Reason}");
        return placed;
    }

    private static void AssertHeard(short[] leg, byte[] voice, int packets)
    {
        var wanted = Wav.DecodeALaw(voice.AsSpan(0, packets * 160));
        Assert.True(Wav.Find(leg, wanted) >= 0, "the decoded leg does not hold the source sample for sample");
    }

    private static void AssertNear(int wanted, int found, string what) =>
        Assert.True(
            Math.Abs(wanted - found) <= 160, $"{what} stands at sample {found}, wanted {wanted} within 20 ms");

    // The first of the voice's packets that is heard: which one depends on how the sender counts a pause.
    private static int FindAny(ReadOnlySpan<short> heard, ReadOnlySpan<short> voice)
    {
        var loud = 0;
        for (var at = 0; at + 160 <= voice.Length; at += 160)
        {
            var packet = voice.Slice(at, 160);
            if (packet.IndexOfAnyExceptInRange((short)-400, (short)400) < 0)
            {
                continue;
            }

            loud++;
            var place = heard[..Math.Min(heard.Length, 8000)].IndexOf(packet);
            if (place >= 0 && at is >= 8000 and < 32_000)
            {
                return place - ((at - (place + at)) == 0 ? 0 : 0) is var found && found <= 320 ? found : found;
            }
        }

        return loud == 0 ? -2 : -1;
    }
}
