using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;

namespace Talreg.Api.Tests;

public sealed class RecordingTests
{
    private const string Audio = $"/api/v1/calls/{Samples.Id}/audio";

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=0-1499", 0, 1500)]
    [InlineData("bytes=4000-5999", 4000, 2000)]
    [InlineData("bytes=9990-", 9990, 10)]
    [InlineData("bytes=9990-99999999999999999999", 9990, 10)]
    [InlineData("bytes=-10", 9990, 10)]
    [InlineData("bytes=-99999", 0, 10000)]
    public async Task Audio_one_range_is_206_with_those_bytes(string range, int first, int length)
    {
        await using var host = await ApiHost.StartAsync();
        var response = await GetAsync(host, range);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal($"bytes {first}-{first + length - 1}/10000", response.Content.Headers.ContentRange!.ToString());
        Assert.Equal(FakeMedia.Audio[first..(first + length)], await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("bytes=5-4")]
    [InlineData("bytes=x-")]
    [InlineData("bytes=-")]
    [InlineData("items=0-1")]
    public async Task Audio_without_a_range_that_counts_is_whole(string? range)
    {
        await using var host = await ApiHost.StartAsync();
        var response = await GetAsync(host, range);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("audio/wav", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("bytes", response.Headers.AcceptRanges.Single());
        Assert.Equal(FakeMedia.Audio, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Audio_without_a_take_that_cannot_be_reached_names_it_and_has_no_strong_tag()
    {
        await using var host = await ApiHost.StartAsync();
        var lost = TakeId.New(DateTimeOffset.UnixEpoch);
        host.Media.Missing.Add(lost);
        var response = await GetAsync(host, range: null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([$"{lost}"], response.Headers.GetValues("X-Talreg-Missing-Takes"));
        Assert.True(response.Headers.ETag!.IsWeak);
    }

    [Theory]
    [InlineData("bytes=10000-")]
    [InlineData("bytes=-0")]
    public async Task Audio_range_beyond_the_end_is_416_and_no_listen(string range)
    {
        await using var host = await ApiHost.StartAsync();
        var response = await GetAsync(host, range);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal("bytes */10000", response.Content.Headers.ContentRange!.ToString());
        Assert.Empty(host.Ledger.ReceivedCalls());
    }

    [Fact]
    public async Task Audio_if_range_counts_only_with_the_same_strong_tag()
    {
        await using var host = await ApiHost.StartAsync();
        var tag = (await GetAsync(host, null)).Headers.ETag!;
        Assert.False(tag.IsWeak);
        Assert.Equal(HttpStatusCode.PartialContent, (await GetAsync(host, "bytes=0-9", tag.ToString())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "bytes=0-9", "\"other\"")).StatusCode);
        host.Call.GetAsync().Returns(Samples.Call with { State = CallState.Active });
        var live = await GetAsync(host, "bytes=0-9", tag.ToString());
        Assert.True(live.Headers.ETag!.IsWeak);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task Audio_head_gives_the_length_and_is_no_listen()
    {
        await using var host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, Audio);
        var response = await host.Client.SendAsync(request);
        Assert.Equal(10_000, response.Content.Headers.ContentLength);
        Assert.Empty(host.Ledger.ReceivedCalls());
    }

    [Fact]
    public async Task Listen_is_one_leaf_for_all_ranges_and_before_the_first_byte()
    {
        await using var host = await ApiHost.StartAsync();
        var leaf = new TaskCompletionSource<LedgerReceipt>(TaskCreationOptions.RunContinuationsAsynchronously);
        LedgerEvent? appended = null;
        host.Ledger.AppendAsync(Arg.Do<LedgerEvent>(e => appended = e)).Returns(leaf.Task);
        var first = GetAsync(host, "bytes=0-9", purpose: "a \"complaint\"");
        await TestKit.Wait.UntilAsync(() => appended is not null, "the listen to reach the ledger");
        Assert.False(first.IsCompleted);
        leaf.SetResult(new LedgerReceipt(1, 2));
        Assert.Equal(HttpStatusCode.PartialContent, (await first).StatusCode);
        await GetAsync(host, "bytes=10-19", purpose: "a \"complaint\"");
        await host.Ledger.Received(1).AppendAsync(Arg.Any<LedgerEvent>());

        var session = appended!.Key["listen/".Length..];
        Assert.Equal(LedgerEventKind.Listen, appended.Kind);
        Assert.Equal(
            $"{{\"actor\":\"administrator\",\"call\":\"{Samples.Id}\",\"purpose\":\"a \\\"complaint\\\"\","
            + $"\"session\":\"{session}\",\"tenant\":\"default\",\"what\":\"audio\"}}",
            Encoding.UTF8.GetString(appended.Body));
        await GetAsync(host, "bytes=10-19", purpose: "another");
        await host.Ledger.Received(2).AppendAsync(Arg.Any<LedgerEvent>());
    }

    [Theory]
    [InlineData("audio")]
    [InlineData("evidence")]
    [InlineData("packets")]
    public async Task Ledger_down_is_503_and_no_byte_and_the_retry_has_the_same_key(string what)
    {
        await using var host = await ApiHost.StartAsync();
        var keys = new List<string>();
        host.Ledger.AppendAsync(Arg.Do<LedgerEvent>(e => keys.Add(e.Key)))
            .ThrowsAsync(new RefusalException(RefusalKind.Unavailable, "disk full"));
        for (var i = 0; i < 2; i++)
        {
            var response = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}/{what}");
            var body = await response.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Contains("urn:talreg:problem:ledger-unavailable", body, StringComparison.Ordinal);
        }

        Assert.Equal(2, keys.Count);
        Assert.Equal(keys[0], keys[1]);
    }

    [Fact]
    public async Task Evidence_and_pcapng_are_given_whole_with_their_types()
    {
        await using var host = await ApiHost.StartAsync();
        var bundle = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}/evidence");
        Assert.Equal("application/zip", bundle.Content.Headers.ContentType!.MediaType);
        Assert.Equal(FakeMedia.Audio, await bundle.Content.ReadAsByteArrayAsync());
        var packets = await host.Client.GetAsync($"/api/v1/calls/{Samples.Id}/packets");
        Assert.Equal("application/x-pcapng", packets.Content.Headers.ContentType!.MediaType);
        Assert.Equal("pcapng", await packets.Content.ReadAsStringAsync());
        await host.Ledger.Received(2).AppendAsync(Arg.Any<LedgerEvent>());
    }

    [Fact]
    public async Task Recording_erased_is_410_and_none_is_404()
    {
        await using var host = await ApiHost.StartAsync();
        host.Media.Empty = true;
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, null)).StatusCode);
        host.Call.GetAsync().Returns(Samples.Call with { Takes = [] });
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, null)).StatusCode);
        host.Call.GetAsync().Returns(Samples.Call with { State = CallState.Erased });
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync(host, null)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync("/api/v1/calls/x/audio")).StatusCode);
        Assert.Empty(host.Ledger.ReceivedCalls());
    }

    [Fact]
    public async Task Packets_as_arrow_come_in_batches_with_rtp_fields_and_whole_rtcp()
    {
        await using var host = await ApiHost.StartAsync();
        byte[] rtp = [0x80, 8, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3];
        byte[] rtcp = [0x80, 200, 0, 1, 9, 9, 9, 9];
        const long arrival = 1_795_000_000_123_456_789;
        var source = new IPEndPoint(IPAddress.Loopback, 4000);
        for (var i = 0; i < PacketArrow.BatchPackets; i++)
        {
            host.Media.Packets.Add(new RecordedPacket(Samples.Take, 1, arrival + i, source, null, default, rtp));
        }

        host.Media.Packets.Add(
            new RecordedPacket(Samples.Take, 1, arrival, source, null, RecordedPacketFlags.Rtcp, rtcp));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/calls/{Samples.Id}/packets");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.apache.arrow.stream"));
        var response = await host.Client.SendAsync(request);
        using var reader = new ArrowStreamReader(await response.Content.ReadAsStreamAsync());
        using var batch = await reader.ReadNextRecordBatchAsync();
        Assert.Equal(PacketArrow.BatchPackets, batch.Length);
        Assert.Equal(arrival + 5, ((TimestampArray)batch.Column("arrival")).GetValue(5));
        Assert.Equal("127.0.0.1:4000", ((StringArray)batch.Column("source")).GetString(0));
        Assert.Equal(0xdeadbeef, ((UInt32Array)batch.Column("ssrc")).GetValue(0));
        Assert.Equal((ushort)0x1234, ((UInt16Array)batch.Column("sequence")).GetValue(0));
        Assert.Equal(160u, ((UInt32Array)batch.Column("rtpTimestamp")).GetValue(0));
        Assert.Equal((byte)8, ((UInt8Array)batch.Column("payloadType")).GetValue(0));
        Assert.Equal([1, 2, 3], ((BinaryArray)batch.Column("payload")).GetBytes(0).ToArray());
        using var last = await reader.ReadNextRecordBatchAsync();
        Assert.Equal(1, last.Length);
        Assert.True(((UInt32Array)last.Column("ssrc")).IsNull(0));
        Assert.Equal(rtcp, ((BinaryArray)last.Column("payload")).GetBytes(0).ToArray());
        Assert.Null(await reader.ReadNextRecordBatchAsync());
    }

    private static async Task<HttpResponseMessage> GetAsync(
        ApiHost host, string? range, string? condition = null, string? purpose = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Audio);
        if (range is not null)
        {
            request.Headers.TryAddWithoutValidation("Range", range);
        }

        if (condition is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Range", condition);
        }

        if (purpose is not null)
        {
            request.Headers.Add("X-Talreg-Purpose", purpose);
        }

        return await host.Client.SendAsync(request);
    }
}
