using System.IO.Compression;
using System.Net.Http.Json;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Verify;

namespace Talreg.EndToEnd.Tests;

/// <summary>2N recording: two sessions of one call, with different losses, are heard as one.</summary>
public sealed class DualRecordingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_sessions_of_one_call_with_different_losses_are_heard_whole_and_exported_both()
    {
        await using var recorder = await Recorder.StartAsync();
        using var forked = new ForkedCall();
        await forked.PlaceAsync("dual", recorder.Sip, recorder.Sip, Token);
        var call = await recorder.WaitForAsync("dual", CallState.Sealed);

        await AssertHealedAsync(recorder, call);
        await AssertBundleAsync(recorder, call);
    }

    /// <summary>The call's two takes are heard as one, and the report tells what came from which.</summary>
    internal static async Task AssertHealedAsync(RecorderClient client, CallDocument call)
    {
        Assert.Equal(2, call.Takes.Count);
        var wav = Wav.Read(await client.AudioAsync(call.Id));
        Assert.Equal(-1, Wav.FirstUnheard(wav.Left, ForkedCall.Heard()));
        var report = await ReportAsync(client, call.Id);
        var stream = Assert.Single(report.Merge!);
        var all = Enumerable.Range(0, ForkedCall.Packets).ToList();
        var first = all.Where(ForkedCall.ReachesFirst).ToList();
        var second = all.Where(ForkedCall.ReachesSecond).ToList();
        if (call.Takes[0].Streams[0].Packets == second.Count)
        {
            // The takes stand in the order in which the cluster heard of them.
            (first, second) = (second, first);
        }

        Assert.Equal(
            [
                new MergedTake(call.Takes[0].Id, 0, "first", first.Count, first.Count, first.Except(second).Count()),
                new MergedTake(
                    call.Takes[1].Id, 0, "source", second.Count, second.Except(first).Count(),
                    second.Except(first).Count()),
            ],
            stream.Sources);
        Assert.Equal(first.Union(second).Count(), stream.Packets);
        Assert.Equal((0, 0), (stream.Disagreements, stream.Paused));
        Assert.Equal(stream.Packets, stream.Runs.Sum(run => run.Packets));
        Assert.Empty(report.Missing);
    }

    /// <summary>The call's bundle has both takes and verifies.</summary>
    internal static async Task AssertBundleAsync(RecorderClient client, CallDocument call)
    {
        Assert.True(TrustAnchor.TryParse(await client.KeyAsync(), out var anchor, out var reason), reason);
        var bundle = await client.EvidenceAsync(call.Id);
        var verified = BundleVerifier.Verify(bundle, anchor);
        Assert.True(verified.ExitCode == 0, verified.Text());
        using var zip = new ZipArchive(new MemoryStream(bundle));
        Assert.All(call.Takes, take => Assert.Single(
            zip.Entries, entry => entry.FullName.EndsWith($"takes/{take.Id}.trec", StringComparison.Ordinal)));
    }

    internal static async Task<MediaReport> ReportAsync(RecorderClient client, CallId call) =>
        (await client.Http.GetFromJsonAsync<MediaReport>(
            new Uri($"api/v1/calls/{call}/media?purpose=test", UriKind.Relative), TalregJson.Options, Token))!;
}
