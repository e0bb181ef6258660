using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Talreg.Contracts.Calls;
using Talreg.Gateway;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>One recorder for all duties; each has calls of its own.</summary>
public sealed class DutyRecorder : IAsyncLifetime
{
    internal Recorder Recorder { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Recorder = await Recorder.StartAsync(ports: 400);

    public ValueTask DisposeAsync() => Recorder.DisposeAsync();
}

/// <summary>
/// What a session recording server owes and what vendors send, as far as it shows in the calls: the other half of
/// tests/Sip/Duties, under the same numbers.
/// </summary>
public sealed class DutyTests(DutyRecorder shared) : IClassFixture<DutyRecorder>, IDisposable
{
    private readonly Socket _media = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private Recorder Recorder => shared.Recorder;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Duty04_inactive_records_nothing_until_a_reinvite_changes_it()
    {
        using var src = await ConnectAsync();
        var ok = await EstablishAsync(src, src.Invite(sdp: FakeSrc.Sdp("inactive"), metadata: Metadata("d04")));
        var gateway = Recorder.Services.GetRequiredService<GatewayNode>();
        var before = gateway.Counters.Capture.Suppressed;
        await SendAsync(ok, 5, first: 1);
        await Wait.UntilAsync(() => gateway.Counters.Capture.Suppressed >= before + 5, "five packets to be suppressed");
        ok = await AskAsync(src, src.Invite(cseq: 2, metadata: Metadata("d04")));
        await src.SendAsync(src.Request("ACK", 2), Token);
        await SendAsync(ok, 7, first: 6);
        var call = await EndAsync(src, 3, "d04");
        Assert.Equal(7, call.Takes[0].Streams[0].Packets);
    }

    [Fact]
    public async Task Duty08_complete_replaces_partial_adds_and_disassociate_removes()
    {
        using var src = await ConnectAsync();
        await EstablishAsync(src, src.Invite(metadata: Metadata("d08")));
        await UpdateAsync(src, 2, Partial(
            "<participant participant_id='p3'><nameID aor='sip:carol@x.example'/></participant>"));
        await UpdateAsync(src, 3, Partial(
            "<participantsessionassoc participant_id='p2' session_id='d08'><disassociate-time>"
            + Now() + "</disassociate-time></participantsessionassoc>"));
        var call = await EndAsync(src, 4, "d08");
        Assert.Equal(["p1", "p2", "p3"], call.Participants.Select(party => party.Id));
        Assert.Equal(
            ["p1 Joined", "p2 Joined", "p1 Sends 1", "p2 Sends 2", "p3 Joined", "p2 StopsSending 2", "p2 Left"],
            call.Timeline.Select(Word));
    }

    [Fact]
    public async Task Duty10_and_11_sdp_alone_and_the_same_document_again_leave_the_metadata_as_it_is()
    {
        using var src = await ConnectAsync();
        await EstablishAsync(src, src.Invite(metadata: Metadata("d10")));
        await AskAsync(src, src.Request("INVITE", 2, "", "application/sdp", FakeSrc.Sdp()));
        await src.SendAsync(src.Request("ACK", 2), Token);
        await UpdateAsync(src, 3, Metadata("d10"));
        var call = await EndAsync(src, 4, "d10");
        Assert.Equal(4, call.Timeline.Count);
        Assert.Equal(["p1", "p2"], call.Takes[0].Streams.Select(stream => stream.Participant));
        Assert.DoesNotContain(CallFlags.MetadataMissing, call.Flags);
    }

    [Fact]
    public async Task Duty13_receiver_reports_are_sent_and_end_with_a_bye()
    {
        using var reports = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        reports.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var src = await ConnectAsync();
        var sdp = FakeSrc.Sdp().Replace(
            "a=label:1",
            $"a=rtcp:{((IPEndPoint)reports.LocalEndPoint!).Port} IN IP4 127.0.0.1\r\na=label:1",
            StringComparison.Ordinal);
        var ok = await EstablishAsync(src, src.Invite(sdp: sdp, metadata: Metadata("d13")));
        await SendAsync(ok, 4, first: 1);
        await SendAsync(ok, 6, first: 7);
        var (told, from) = await ReportAsync(reports, report => report.Blocks is [{ Highest: 12 }]);
        Assert.Equal((1u, 2), (told.Blocks[0].Source, told.Blocks[0].Lost));
        Assert.Equal(PortOf(ok, stream: 0) + 1, from.Port);
        await EndAsync(src, 2, "d13");
        var (last, _) = await ReportAsync(reports, report => report.Leaving.Count > 0);
        Assert.Equal((told.Sender, told.Name), (last.Leaving[0], last.Name));
    }

    [Fact]
    public async Task Duty16_bye_ends_in_a_sealed_recording_that_says_why()
    {
        using var src = await ConnectAsync();
        var ok = await EstablishAsync(src, src.Invite(metadata: Metadata("d16")));
        await SendAsync(ok, 3);
        var call = await EndAsync(src, 2, "d16");
        Assert.Equal((CallState.Sealed, EndReason.Bye), (call.State, call.EndReason));
    }

    [Fact]
    public async Task Duty28_avaya_parties_that_come_by_update_are_those_of_the_call()
    {
        using var src = await ConnectAsync();
        var first = Metadata("d28").Replace("sip:alice@atlanta.com", "ASBCE@10.1.1.1", StringComparison.Ordinal);
        await EstablishAsync(src, src.Invite(metadata: first));
        await UpdateAsync(src, 2, Metadata("d28").Replace("\"p2\"", "\"p9\"", StringComparison.Ordinal));
        var call = await EndAsync(src, 3, "d28");
        Assert.Contains(CallFlags.PartyPlaceholder, call.Flags);
        Assert.Equal("sip:alice@atlanta.com", call.Participants.Single(party => party.Id == "p9").Aor);
        Assert.Equal("p9", call.Takes[0].Streams[1].Participant);
    }

    [Fact]
    public async Task Duty29_both_sessions_of_a_cisco_bridge_are_takes_of_one_call()
    {
        using var near = await ConnectAsync();
        using var far = await ConnectAsync();
        foreach (var (src, end) in new[] { (near, "x-nearend"), (far, "x-farend") })
        {
            var invite = src.Request("INVITE", 1, "", "application/sdp", OneStream())
                .Replace(
                    "From: <sip:src@example.com>",
                    $"From: <sip:1001@10.0.0.9;{end};x-refci=2929;x-nearendclusterid=C1;x-nearendaddr=1001;"
                    + "x-farendaddr=1002>",
                    StringComparison.Ordinal)
                .Replace(";+sip.src", "", StringComparison.Ordinal);
            await EstablishAsync(src, invite);
        }

        await AskAsync(near, near.Request("BYE", 2));
        await AskAsync(far, far.Request("BYE", 2));
        var call = await Recorder.WaitForAsync("cisco-bridge:C1/2929", CallState.Sealed);
        Assert.Equal(2, call.Takes.Count);
        Assert.Equal(["sip:1001", "sip:1002"], call.Participants.Select(party => party.Aor).Order());
        Assert.Contains(new CallAttribute("ciscoReference", "2929"), call.Attributes);
    }

    [Fact]
    public async Task Duty29_cisco_cube_parties_of_headers_speak_on_their_m_lines()
    {
        using var src = await ConnectAsync();
        await EstablishAsync(src, src.Request(
            "INVITE", 1,
            "Cisco-Guid: 29-29\r\nX-Cisco-Recording-Participant: sip:1001@10.0.0.1;media-index=\"0\"\r\n"
            + "X-Cisco-Recording-Participant: sip:1002@10.0.0.2;media-index=\"1\"\r\n",
            "application/sdp", FakeSrc.Sdp()));
        var call = await EndAsync(src, 2, "cisco:29-29");
        Assert.Equal(["party1", "party2"], call.Takes[0].Streams.Select(stream => stream.Participant));
        Assert.Equal(["sip:1001@10.0.0.1", "sip:1002@10.0.0.2"], call.Participants.Select(party => party.Aor));
        Assert.Contains(CallFlags.MetadataMissing, call.Flags);
    }

    [Fact]
    public async Task Duty30_oracle_extension_data_stands_on_the_call()
    {
        using var src = await ConnectAsync();
        var metadata = Metadata("d30").Replace(
            "</session>",
            "<extensiondata xmlns:apkt='http://acmepacket.com/siprec/extensiondata'>"
            + "<apkt:ucid>00FA080018803B69810C6D;encoding=hex</apkt:ucid></extensiondata></session>",
            StringComparison.Ordinal);
        await EstablishAsync(src, src.Invite(metadata: metadata, headers: "X-Agent: 4711\r\n"));
        var call = await EndAsync(src, 2, "d30");
        Assert.Contains(new CallAttribute("ucid", "00024328271770065005"), call.Attributes);
        Assert.Contains(new CallAttribute("header:X-Agent", "4711"), call.Attributes);
        var verbatim = call.Attributes.Single(one => one.Name == "extension:extensiondata").Value;
        Assert.Contains(
            "<apkt:ucid>00FA080018803B69810C6D;encoding=hex</apkt:ucid>", verbatim, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duty31_replaces_seals_the_old_take_and_the_new_one_goes_on()
    {
        using var old = await ConnectAsync();
        using var next = await ConnectAsync();
        await EstablishAsync(old, old.Invite(metadata: Metadata("d31")));
        await EstablishAsync(next, next.Invite(
            metadata: Metadata("d31"),
            headers: $"Require: siprec\r\nReplaces: {old.CallId};to-tag={old.ToTag};from-tag={old.FromTag}\r\n"));
        await old.ReceiveAsync("BYE ", Token);
        var call = await EndAsync(next, 2, "d31");
        Assert.Equal(2, call.Takes.Count);
    }

    [Fact]
    public async Task Duty33_and_34_identical_sessions_are_takes_of_one_call()
    {
        var clients = new List<FakeSrc>();
        for (var fork = 0; fork < 5; fork++)
        {
            clients.Add(await ConnectAsync());
            await EstablishAsync(clients[^1], clients[^1].Invite(metadata: Metadata("d33")));
        }

        foreach (var client in clients)
        {
            await AskAsync(client, client.Request("BYE", 2));
        }

        await Wait.UntilAsync(
            async () => (await Recorder.SearchAsync("limit=500")).Exists(call =>
                call.SessionId == "d33" && call.State == CallState.Sealed && call.Takes.Count == 5),
            "one call of five takes",
            TimeSpan.FromSeconds(20));
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("d32", "<group group_id='g32'/>")]
    [InlineData(
        "d36", "<session session_id='o'><sipSessionID>ab30317f1a784dc48ff824d0d3715d86</sipSessionID></session>")]
    public async Task Duty32_and_36_legs_that_share_a_group_or_session_id_are_linked(string id, string shared)
    {
        using var first = await ConnectAsync();
        using var second = await ConnectAsync();
        await EstablishAsync(first, first.Invite(metadata: With(Metadata(id + "a"), shared)));
        await EstablishAsync(second, second.Invite(metadata: With(Metadata(id + "b"), shared)));
        var one = await EndAsync(first, 2, id + "a");
        var two = await EndAsync(second, 2, id + "b");
        one = (await Recorder.GetAsync(one.Id.ToString()))!;
        Assert.Equal([two.Id], one.Links);
        Assert.Equal([one.Id], two.Links);
    }

    [Fact]
    public async Task Duty37_and_38_hold_leaves_one_take_and_a_changed_port_or_source_loses_nothing()
    {
        using var src = await ConnectAsync();
        var ok = await EstablishAsync(src, src.Invite(metadata: Metadata("d37")));
        await SendAsync(ok, 5, first: 1, ssrc: 1);
        await StoredAsync("d37", stream: 0, 5);
        await AskAsync(src, src.Request("INVITE", 2, "", "application/sdp", FakeSrc.Sdp("inactive")));
        await src.SendAsync(src.Request("ACK", 2), Token);
        var moved = FakeSrc.Sdp().Replace("m=audio 12240", "m=audio 14000", StringComparison.Ordinal);
        ok = await AskAsync(src, src.Request("INVITE", 3, "", "application/sdp", moved));
        await src.SendAsync(src.Request("ACK", 3), Token);
        await SendAsync(ok, 5, first: 100, ssrc: 2);
        var call = await EndAsync(src, 4, "d37");
        var take = Assert.Single(call.Takes);
        Assert.Equal((10, 0), (take.Streams[0].Packets + take.Streams[0].Foreign, take.Streams[0].Lost));
    }

    [Theory]
    [InlineData("<label>2</label>", "<label>7</label>", CallFlags.LabelMismatch)]
    [InlineData("<label>2</label>", "<label>1</label>", CallFlags.LabelDuplicate)]
    [InlineData("<send>s2</send>", "<send>s9</send>", CallFlags.ReferenceDangling)]
    [InlineData("<send>s2</send>", "", CallFlags.SenderUnknown)]
    public async Task Duty39_doubts_flag_the_call_and_its_audio_is_recorded(string sound, string broken, string flag)
    {
        using var src = await ConnectAsync();
        var id = "d39" + flag;
        var metadata = Metadata(id).Replace(sound, broken, StringComparison.Ordinal);
        var ok = await EstablishAsync(src, src.Invite(metadata: metadata));
        await SendAsync(ok, 4);
        var call = await EndAsync(src, 2, id);
        Assert.Contains(flag, call.Flags);
        Assert.Equal(4, call.Takes[0].Streams[0].Packets);
    }

    [Fact]
    public async Task Duty40_a_third_stream_joins_and_leaves_and_is_recorded_between()
    {
        const string Third = "m=audio 30000 RTP/AVP 0\r\na=label:3\r\na=sendonly\r\n";
        using var src = await ConnectAsync();
        await EstablishAsync(src, src.Invite(metadata: Metadata("d40")));
        var joined = await AskAsync(src, src.Request("INVITE", 2, "", "application/sdp", FakeSrc.Sdp() + Third));
        await src.SendAsync(src.Request("ACK", 2), Token);
        await SendAsync(joined, 6, stream: 2);
        await StoredAsync("d40", stream: 2, 6);
        await AskAsync(src, src.Request(
            "INVITE", 3, "", "application/sdp",
            FakeSrc.Sdp() + Third.Replace("30000", "0", StringComparison.Ordinal)));
        await src.SendAsync(src.Request("ACK", 3), Token);
        await SendAsync(joined, 6, first: 50, stream: 2);
        var call = await EndAsync(src, 4, "d40");
        Assert.Equal(3, call.Takes[0].Streams.Count);
        Assert.Equal(("3", 6), (call.Takes[0].Streams[2].Label, call.Takes[0].Streams[2].Packets));
    }

    public void Dispose() => _media.Dispose();

    private static string Metadata(string session) => FakeSrc.Metadata(session)
        .Replace("<sipSessionID>ab30317f;remote=47755a</sipSessionID>", "", StringComparison.Ordinal);

    private static string With(string metadata, string element) =>
        metadata.Replace("</recording>", element + "</recording>", StringComparison.Ordinal);

    private static string Partial(string content) =>
        $"<recording xmlns='urn:ietf:params:xml:ns:recording:1'><datamode>partial</datamode>{content}</recording>";

    private static string Now() =>
        TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static string OneStream() => "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        + "m=audio 4000 RTP/AVP 0\r\n";

    private static string Word(TimelineEntry entry) => $"{entry.Participant} {entry.Change} {entry.Label}".TrimEnd();

    private Task<FakeSrc> ConnectAsync() => FakeSrc.ConnectAsync(Recorder.Sip, tcp: false, Token);

    private static async Task<string> AskAsync(FakeSrc src, string request)
    {
        await src.SendAsync(request, Token);
        return await src.ReceiveAsync("SIP/2.0 200 ", Token);
    }

    private static async Task<string> EstablishAsync(FakeSrc src, string invite)
    {
        var ok = await AskAsync(src, invite);
        src.ToTag = FakeSrc.TagOf(ok);
        await src.SendAsync(src.Request("ACK", 1), Token);
        return ok;
    }

    private static Task<string> UpdateAsync(FakeSrc src, int cseq, string metadata) =>
        AskAsync(src, src.Request("UPDATE", cseq, "", "application/rs-metadata+xml", metadata));

    private async Task<CallDocument> EndAsync(FakeSrc src, int cseq, string session)
    {
        await AskAsync(src, src.Request("BYE", cseq));
        return await Recorder.WaitForAsync(session, CallState.Sealed);
    }

    private Task StoredAsync(string session, int stream, long packets) => Wait.UntilAsync(
        async () =>
        {
            var live = (await Recorder.SearchAsync("state=active&limit=500")).Find(call => call.SessionId == session);
            var call = live is null ? null : await Recorder.GetAsync(live.Id.ToString());
            return call is { Takes: [var take] } && take.Streams.Count > stream
                && take.Streams[stream].Packets == packets;
        },
        $"{packets} packets of stream {stream} of {session} to be stored");

    /// <summary>Sends packets to one m-line of an answer, always from the same source.</summary>
    private async Task SendAsync(string answer, int count, int first = 1, int stream = 0, byte ssrc = 1)
    {
        var port = PortOf(answer, stream);
        for (var sequence = first; sequence < first + count; sequence++)
        {
            var packet = new byte[172];
            (packet[0], packet[1], packet[2], packet[3], packet[11]) =
                (0x80, 8, (byte)(sequence >> 8), (byte)sequence, ssrc);
            await _media.SendToAsync(packet, new IPEndPoint(IPAddress.Loopback, port), Token);
        }
    }

    private static int PortOf(string answer, int stream) => int.Parse(
        answer.Split("\r\n").Where(text => text.StartsWith("m=audio", StringComparison.Ordinal))
            .ElementAt(stream).Split(' ')[1],
        CultureInfo.InvariantCulture);

    /// <summary>Everything that comes must be a report; the first that is wanted.</summary>
    private static async Task<(RtcpCompound Report, IPEndPoint From)> ReportAsync(
        Socket socket, Func<RtcpCompound, bool> wanted)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        var buffer = new byte[2048];
        while (true)
        {
            var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), timeout.Token);
            var report = RtcpCompound.Read(buffer[..received.ReceivedBytes]);
            if (wanted(report))
            {
                return (report, (IPEndPoint)received.RemoteEndPoint);
            }
        }
    }
}
