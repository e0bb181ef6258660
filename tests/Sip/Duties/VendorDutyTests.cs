using System.Text;
using Talreg.Sip.Siprec;
using Talreg.Sip.Siprec.Dialects;
using Talreg.TestKit;

namespace Talreg.Sip.Tests.Duties;

/// <summary>
/// What vendors really send, lines 19 to 40: accepted, read, flagged, never refused. What needs the whole recorder
/// stands
/// under the same numbers in tests/EndToEnd.
/// </summary>
public sealed class VendorDutyTests
{
    private const string Namespace = "urn:ietf:params:xml:ns:recording:1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/rs-metadata")]
    [InlineData("application/rs-metadata+xml")]
    public async Task Duty19_metadata_under_both_media_types_is_read(string type)
    {
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => WithLength(src.Invite().Replace(
            "application/rs-metadata+xml", type, StringComparison.Ordinal)));
        Assert.Equal(2, offer.Metadata!.Participants.Count);
    }

    [Theory]
    [InlineData("recording", "urn:ietf:params:xml:ns:recording:1", "datamode")]
    [InlineData("recording", "urn:ietf:params:xml:ns:recording", "dataMode")]
    [InlineData("recording_metadata", "urn:ietf:params:xml:ns:siprec", "datamode")]
    [InlineData("tns:recording", "urn:ietf:params:xml:ns:recording:1", "tns:dataMode")]
    public async Task Duty20_metadata_in_every_namespace_root_and_prefix_is_read(string root, string space, string mode)
    {
        var prefix = root.StartsWith("tns:", StringComparison.Ordinal) ? "tns:" : "";
        var declaration = prefix.Length > 0 ? "xmlns:tns" : "xmlns";
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => src.Invite(metadata:
            $"<{root} {declaration}='{space}'><{mode}>partial</{mode}><{prefix}participant participant_id='p1'>"
            + $"<{prefix}nameID aor='sip:a@b'/></{prefix}participant></{root}>"));
        Assert.Equal((MetadataMode.Partial, "p1"), (offer.Metadata!.Mode, offer.Metadata.Participants[0].Id));
        Assert.Empty(offer.Metadata.Extensions);
    }

    [Fact]
    public async Task Duty21_ids_as_attributes_or_elements_and_send_within_participant_are_read()
    {
        var offer = await OfferAsync(
            $"<recording xmlns='{Namespace}'><session id='c1'/><participant id='p1' session='c1'>"
            + "<nameID aor='sip:a@b'/><send>s1</send></participant>"
            + "<stream id='s1' session='c1'><label>16777227</label></stream>"
            + "<stream><stream_id>s2</stream_id><session_id>c1</session_id><label>2</label></stream></recording>");
        var state = MetadataState.Empty.Apply(offer.Metadata!, DateTimeOffset.UnixEpoch);
        Assert.Equal("p1", state.SenderOf("16777227"));
        Assert.Equal(["s1", "s2"], state.Streams.Select(stream => stream.Id));
        Assert.All(state.Streams, stream => Assert.Equal("c1", stream.SessionRef));
    }

    [Theory]
    [InlineData("<sip:src@HOST>;src")]
    [InlineData("<sip:src@HOST;src>")]
    [InlineData("<sip:src@HOST;+sip.src>")]
    public async Task Duty22_contact_of_broadworks_audiocodes_and_avaya_is_recognised(string contact)
    {
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => src.Request("INVITE", 1, "", "application/sdp", FakeSrc.Sdp())
            .Replace(
                $"<sip:src@{src.Local}>;+sip.src",
                contact.Replace("HOST", src.Local.ToString(), StringComparison.Ordinal), StringComparison.Ordinal));
        Assert.True(offer.IsSiprec);
    }

    [Fact]
    public async Task Duty23_no_require_and_metadata_before_sdp_is_taken()
    {
        var body = "--b\r\nContent-Type: application/rs-metadata\r\n\r\n" + FakeSrc.Metadata()
            + "\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" + FakeSrc.Sdp() + "--b--\r\n";
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => src.Request("INVITE", 1, "", "multipart/mixed; boundary=\"b\"", body)
            .Replace(";+sip.src", "", StringComparison.Ordinal));
        Assert.True(offer.IsSiprec);
        Assert.Equal((2, 2), (offer.Sdp!.Media.Count, offer.Metadata!.Participants.Count));
    }

    [Theory]
    [InlineData("5551234")]
    [InlineData("alice@ribbon.example")]
    [InlineData("tel:+15551234;phone-context=example.com")]
    [InlineData("sip:a@b;user=phone;otg=TG1;noa=4")]
    public async Task Duty24_aor_without_scheme_with_parameters_or_as_tel_is_kept(string aor)
    {
        var offer = await OfferAsync(
            $"<recording xmlns='{Namespace}'><participant participant_id='p'><nameID aor='{aor}'/></participant>"
            + "</recording>");
        Assert.Equal(aor, offer.Metadata!.Participants[0].Names[0].Aor);
    }

    [Fact]
    public async Task Duty25_numeric_labels_and_a_first_participant_on_label_2_keep_who_said_what()
    {
        var offer = await OfferAsync(FakeSrc.Metadata()
            .Replace("<label>1</label>", "<label>x</label>", StringComparison.Ordinal)
            .Replace("<label>2</label>", "<label>1</label>", StringComparison.Ordinal)
            .Replace("<label>x</label>", "<label>2</label>", StringComparison.Ordinal));
        var state = MetadataState.Empty.Apply(offer.Metadata!, DateTimeOffset.UnixEpoch);
        Assert.Equal(("p2", "p1"), (state.SenderOf("1"), state.SenderOf("2")));
    }

    [Fact]
    public async Task Duty26_one_mixed_stream_of_two_participants_names_no_single_sender()
    {
        var offer = await OfferAsync(FakeSrc.Metadata().Replace(">s2<", ">s1<", StringComparison.Ordinal));
        var state = MetadataState.Empty.Apply(offer.Metadata!, DateTimeOffset.UnixEpoch);
        Assert.Null(state.SenderOf("1"));
        Assert.Equal(["p1", "p2"], state.Senders["s1"].Order());
    }

    [Theory]
    [InlineData("127.0.0.1", "IP4", false)]
    [InlineData("0.0.0.0", "IP4", true)]
    [InlineData("::", "IP6", true)]
    [InlineData("hold.invalid", "IP4", true)]
    public async Task Duty27_no_direction_is_sent_and_an_address_of_nobody_is_hold(
        string address, string family, bool held)
    {
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => src.Invite(sdp: FakeSrc.Sdp()
            .Replace("a=sendonly\r\n", "", StringComparison.Ordinal)
            .Replace("c=IN IP4 127.0.0.1", $"c=IN {family} {address}", StringComparison.Ordinal)));
        Assert.All(offer.Sdp!.Media, media => Assert.Equal(held, media.IsHeld));
    }

    [Fact]
    public async Task Duty28_placeholder_and_empty_stream_id_are_doubted_and_cancel_before_the_update_ends_once()
    {
        var placeholder = FakeSrc.Metadata()
            .Replace("sip:alice@atlanta.com", "ASBCE@10.1.1.1", StringComparison.Ordinal)
            .Replace("stream_id=\"s2\"", "stream_id=\"\"", StringComparison.Ordinal);
        var offer = await OfferAsync(placeholder);
        var doubts = MetadataDoubts.Find(MetadataState.Empty.Apply(offer.Metadata!, DateTimeOffset.UnixEpoch), null);
        Assert.Equal(MetadataDoubt.PartyPlaceholder | MetadataDoubt.ReferenceDangling, doubts);
        await using var bench = await DutyBench.StartAsync();
        var decided = new TaskCompletionSource<SessionAnswer>();
        bench.Application.OnInvite = (_, _) => new ValueTask<SessionAnswer>(decided.Task);
        var src = await bench.ConnectAsync();
        var invite = src.Invite(metadata: placeholder);
        await DutyBench.AskAsync(src, invite, "SIP/2.0 100 ");
        var branch = invite.Split("branch=")[1].Split(';')[0];
        await DutyBench.AskAsync(src, src.Request("CANCEL", 1, branch: branch), "SIP/2.0 487 ");
        decided.SetResult(SessionAnswer.Accept("late", [new MediaAnswer(30_000), new MediaAnswer(30_002)]));
        await Wait.UntilAsync(() => !bench.Application.Events.IsEmpty, "the end");
        Assert.Equal(["ended late Cancel"], bench.Application.Events);
    }

    [Fact]
    public async Task Duty29_cisco_without_metadata_names_call_and_parties_by_headers()
    {
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => src.Request(
            "INVITE", 1,
            "Cisco-Guid: 1234-5678\r\nX-Cisco-Recording-Participant: sip:1001@10.0.0.1;media-index=\"0\"\r\n"
            + "X-Cisco-Recording-Participant: sip:1002@10.0.0.2;media-index=\"1\"\r\n",
            "application/sdp", FakeSrc.Sdp()));
        var facts = MetadataDialects.Read(offer);
        Assert.Null(offer.Metadata);
        Assert.Equal("cisco:1234-5678", facts.CallKey);
        Assert.Equal([0, 1], facts.Parties.Select(party => party.MediaIndex));
    }

    [Fact]
    public async Task Duty30_oracle_extension_data_and_odd_clocks_are_read_and_doubted()
    {
        var offer = await OfferAsync(
            $"<recording xmlns='{Namespace}'><session session_id='c1'><start-time>2026-11-24T12:00:00</start-time>"
            + "<extensiondata xmlns:apkt='http://acmepacket.com/siprec/extensiondata'>"
            + "<apkt:ucid>00FA080018803B69810C6D;encoding=hex</apkt:ucid></extensiondata></session>"
            + "<participant participant_id='p1'><nameID aor='sip:a@b'/></participant>"
            + "<participantsessionassoc participant_id='p1' session_id='c1'>"
            + "<associate-time>1970-01-01T00:00:12</associate-time></participantsessionassoc></recording>");
        var now = DateTimeOffset.UnixEpoch.AddYears(56);
        var state = MetadataState.Empty.Apply(offer.Metadata!, now);
        Assert.Equal(MetadataDoubt.ClockUnreliable, MetadataDoubts.Find(state, null));
        Assert.Equal(now, state.History[0].At);
        Assert.Contains(MetadataDialects.Read(offer).Facts, fact => fact.Name == "ucid");
    }

    [Fact]
    public async Task Duty31_ribbon_call_data_is_kept_and_replaces_ends_one_dialog_and_makes_another()
    {
        var data = new string('d', 2_048);
        var offer = await OfferAsync(
            $"<recording xmlns='{Namespace}'><session session_id='c1'><callData>{data}</callData></session>"
            + "</recording>");
        Assert.Contains(new VendorFact("callData", data), MetadataDialects.Read(offer).Facts);
        await using var bench = await DutyBench.StartAsync();
        var old = await bench.ConnectAsync();
        await bench.EstablishAsync(old);
        var next = await bench.ConnectAsync();
        await DutyBench.AskAsync(next, next.Invite(
            headers: $"Require: siprec\r\nReplaces: {old.CallId};to-tag={old.ToTag};from-tag={old.FromTag}\r\n"));
        await old.ReceiveAsync("BYE ", Token);
        Assert.Contains("ended d1 Replaced", bench.Application.Events);
        Assert.Equal(1, bench.Server.Counters.Dialogs);
    }

    [Fact]
    public async Task Duty32_audiocodes_group_is_the_same_over_a_transfer_in_both_of_its_formats()
    {
        var legacy = await OfferAsync(
            "<recording xmlns='urn:ietf:params:xml:ns:recording'><datamode>complete</datamode><group id='g1'/>"
            + "<session id='c1'><group-ref>g1</group-ref></session><participant id='p1' session='c1'>"
            + "<nameID aor='1111'/><send>s1</send></participant><stream id='s1' session='c1'><label>1</label></stream>"
            + "</recording>");
        var rfc = await OfferAsync(
            $"<recording xmlns='{Namespace}'><group group_id='g1'/><session session_id='c2'/></recording>");
        Assert.Equal(["group:g1"], MetadataDialects.Read(legacy).LinkKeys);
        Assert.Equal(["group:g1"], MetadataDialects.Read(rfc).LinkKeys);
        Assert.Equal("p1", MetadataState.Empty.Apply(legacy.Metadata!, DateTimeOffset.UnixEpoch).SenderOf("1"));
    }

    [Fact]
    public async Task Duty34_five_forks_of_a_media_proxy_are_five_sessions_of_one_id()
    {
        await using var bench = await DutyBench.StartAsync();
        for (var fork = 0; fork < 5; fork++)
        {
            var src = await bench.ConnectAsync();
            await bench.EstablishAsync(src);
        }

        Assert.Equal(5, bench.Server.Counters.Dialogs);
        Assert.Single(bench.Application.Offers.Select(offer => offer.Metadata!.Sessions[0].Id).Distinct());
    }

    [Fact]
    public async Task Duty35_complete_documents_in_every_message_change_only_what_changed()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        await bench.EstablishAsync(src);
        await DutyBench.AskAsync(src, src.Request("UPDATE", 2, "", "application/rs-metadata+xml", FakeSrc.Metadata()));
        var state = bench.Application.Offers.Aggregate(
            MetadataState.Empty, (known, offer) => known.Apply(offer.Metadata!, DateTimeOffset.UnixEpoch));
        Assert.Equal(4, state.History.Count);
    }

    [Fact]
    public async Task Duty36_both_recordings_of_a_metaswitch_transfer_share_a_session_id()
    {
        const string Id = "ab30317f1a784dc48ff824d0d3715d86";
        var first = await OfferAsync(
            $"<recording xmlns='{Namespace}'><session session_id='c1'><sipSessionID>{Id};remote={new string('0', 32)}"
            + "</sipSessionID></session></recording>");
        var second = await OfferAsync(
            $"<recording xmlns='{Namespace}'><session session_id='c2'><sipSessionID>47755a9de7794ba387653f2099600ef2;"
            + $"remote={Id}</sipSessionID></session></recording>");
        Assert.Contains("session-id:" + Id, MetadataDialects.Read(first).LinkKeys);
        Assert.Contains("session-id:" + Id, MetadataDialects.Read(second).LinkKeys);
    }

    [Theory]
    [InlineData("<label>2</label>", "<label>7</label>", MetadataDoubt.LabelMismatch)]
    [InlineData("<label>2</label>", "<label>1</label>", MetadataDoubt.LabelDuplicate)]
    [InlineData("<send>s2</send>", "<send>s9</send>", MetadataDoubt.ReferenceDangling)]
    [InlineData("<send>s2</send>", "", MetadataDoubt.SenderUnknown)]
    public async Task Duty39_labels_that_do_not_fit_are_doubted_and_answered(
        string sound, string broken, MetadataDoubt doubt)
    {
        var offer = await OfferAsync(FakeSrc.Metadata().Replace(sound, broken, StringComparison.Ordinal));
        var state = MetadataState.Empty.Apply(offer.Metadata!, DateTimeOffset.UnixEpoch);
        Assert.True(MetadataDoubts.Find(state, offer.Sdp).HasFlag(doubt));
    }

    [Fact]
    public async Task Duty40_a_third_stream_joins_and_leaves_and_each_keeps_its_place()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        await bench.EstablishAsync(src);
        const string Third = "m=audio 30000 RTP/AVP 0\r\na=label:3\r\na=sendonly\r\n";
        var joined = await DutyBench.AskAsync(src, src.Invite(cseq: 2, sdp: FakeSrc.Sdp() + Third));
        Assert.Equal(3, joined.Split("m=audio 3").Length - 1);
        await src.SendAsync(src.Request("ACK", 2), Token);
        var left = await DutyBench.AskAsync(src, src.Invite(
            cseq: 3, sdp: FakeSrc.Sdp() + Third.Replace("30000", "0", StringComparison.Ordinal)));
        Assert.Contains("m=audio 0 RTP/AVP 0\r\n", left, StringComparison.Ordinal);
        Assert.Equal(2, left.Split("m=audio 3").Length - 1);
    }

    private static async Task<SessionOffer> OfferAsync(string metadata)
    {
        await using var bench = await DutyBench.StartAsync();
        return await bench.OfferAsync(src => src.Invite(metadata: metadata));
    }

    private static string WithLength(string message)
    {
        var line = message.Split("\r\n").First(one => one.StartsWith("Content-Length:", StringComparison.Ordinal));
        var length = Encoding.UTF8.GetByteCount(message.Split("\r\n\r\n", 2)[1]);
        return message.Replace(line, $"Content-Length: {length}", StringComparison.Ordinal);
    }
}
