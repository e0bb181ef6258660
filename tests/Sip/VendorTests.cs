using System.Text;
using Talreg.Sip.Siprec;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>What session border controllers really send: accepted, read, never refused.</summary>
public sealed class VendorTests
{
    private const string Namespace = "urn:ietf:params:xml:ns:recording:1";

    [Theory]
    [InlineData("application/rs-metadata")]
    [InlineData("application/rs-metadata+xml")]
    [InlineData("Application/RS-Metadata+XML; charset=utf-8")]
    public async Task Metadata_under_either_media_type_is_read(string type)
    {
        var offer = await OfferAsync(src => src.Invite().Replace(
            "application/rs-metadata+xml", type, StringComparison.Ordinal));
        Assert.Equal("c1", offer.Metadata!.Sessions[0].Id);
    }

    [Theory]
    [InlineData("<recording xmlns='urn:ietf:params:xml:ns:recording:1'>", "recording", "datamode")]
    [InlineData("<recording xmlns='urn:ietf:params:xml:ns:recording'>", "recording", "dataMode")]
    [InlineData("<recording_metadata xmlns='urn:ietf:params:xml:ns:siprec'>", "recording_metadata", "datamode")]
    [InlineData("<recording>", "recording", "dataMode")]
    public void Metadata_in_any_namespace_and_root_is_read(string open, string root, string mode)
    {
        var metadata = Read(
            $"{open}<{mode}>partial</{mode}><stream stream_id='s1' session_id='c1'><label>1</label></stream></{root}>");
        Assert.Equal(MetadataMode.Partial, metadata.Mode);
        Assert.Equal(new MetadataStream("s1", "c1", "1"), Assert.Single(metadata.Streams));
    }

    [Fact]
    public void Metadata_with_a_prefix_is_read()
    {
        var metadata = Read(
            $"<tns:recording xmlns:tns='{Namespace}'><tns:dataMode>complete</tns:dataMode>"
            + "<tns:participant participant_id='p1'><tns:nameID aor='sip:a@b'><tns:name>A</tns:name></tns:nameID>"
            + "</tns:participant></tns:recording>");
        Assert.Equal(new MetadataName("sip:a@b", "A"), Assert.Single(metadata.Participants[0].Names));
    }

    [Fact]
    public void Metadata_with_id_and_session_attributes_and_send_inside_of_participant_is_read()
    {
        // Oracle: id instead of participant_id, session instead of session_id, numeric labels.
        var metadata = Read(
            $"<recording xmlns='{Namespace}'><session id='c1'/><participant id='p1' session='c1'>"
            + "<nameID aor='sip:+1555@x'/><send>s1</send></participant>"
            + "<stream id='s1' session='c1'><label>16777227</label></stream></recording>");
        Assert.Equal("c1", metadata.Sessions[0].Id);
        Assert.Equal("p1", metadata.Participants[0].Id);
        Assert.Equal(new MetadataStream("s1", "c1", "16777227"), metadata.Streams[0]);
        var streams = Assert.Single(metadata.ParticipantStreams);
        Assert.Equal(("p1", "s1"), (streams.ParticipantRef, Assert.Single(streams.Send)));
    }

    [Fact]
    public void Metadata_with_ids_as_elements_is_read()
    {
        var metadata = Read(
            $"<recording xmlns='{Namespace}'><stream><stream_id>s1</stream_id><session_id>c1</session_id>"
            + "<label>2</label></stream></recording>");
        Assert.Equal(new MetadataStream("s1", "c1", "2"), metadata.Streams[0]);
    }

    [Theory]
    [InlineData("+15551234")]
    [InlineData("alice@ribbon.example")]
    [InlineData("tel:+15551234;phone-context=x")]
    [InlineData("sip:a@b;user=phone;otg=1")]
    [InlineData("")]
    public void Metadata_keeps_an_aor_as_it_is_spelled(string aor)
    {
        var metadata = Read(
            $"<recording xmlns='{Namespace}'><participant participant_id='p'><nameID aor='{aor}'/></participant>"
            + "</recording>");
        Assert.Equal(aor, metadata.Participants[0].Names[0].Aor);
    }

    [Fact]
    public void Metadata_first_participant_sending_label_2_keeps_its_attribution()
    {
        // Ribbon: label 1 is not always the caller.
        var metadata = Read(FakeSrc.Metadata()
            .Replace("<label>1</label>", "<label>x</label>", StringComparison.Ordinal)
            .Replace("<label>2</label>", "<label>1</label>", StringComparison.Ordinal)
            .Replace("<label>x</label>", "<label>2</label>", StringComparison.Ordinal));
        Assert.Equal("p1", metadata.ParticipantStreams[0].ParticipantRef);
        Assert.Equal("s1", metadata.ParticipantStreams[0].Send[0]);
        Assert.Equal("2", metadata.Streams.Single(stream => stream.Id == "s1").Label);
    }

    [Theory]
    [InlineData("<sip:src@HOST>;+sip.src")]
    [InlineData("<sip:src@HOST;+sip.src>")]
    [InlineData("<sip:src@HOST>;src")]
    [InlineData("sip:src@HOST;src")]
    public async Task Contact_alone_tells_a_recording_session(string contact)
    {
        var offer = await OfferAsync(src => src
            .Request("INVITE", 1, "", "application/sdp", FakeSrc.Sdp())
            .Replace($"<sip:src@{src.Local}>;+sip.src", With(contact, src), StringComparison.Ordinal));
        Assert.True(offer.IsSiprec);
        Assert.Null(offer.Metadata);
    }

    [Fact]
    public async Task Metadata_part_alone_tells_a_recording_session_and_may_come_first()
    {
        // BroadWorks and Webex: no Require, the metadata before the SDP.
        var body = "--b\r\nContent-Type: application/rs-metadata\r\n\r\n" + FakeSrc.Metadata()
            + "\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" + FakeSrc.Sdp() + "--b--\r\n";
        var offer = await OfferAsync(src => src
            .Request("INVITE", 1, "", "multipart/mixed; boundary=\"b\"", body)
            .Replace(";+sip.src", "", StringComparison.Ordinal));
        Assert.True(offer.IsSiprec);
        Assert.Equal(2, offer.Metadata!.Participants.Count);
        Assert.Equal(2, offer.Sdp!.Media.Count);
    }

    [Fact]
    public async Task Session_that_nothing_marks_is_offered_unmarked()
    {
        var offer = await OfferAsync(src => src
            .Request("INVITE", 1, "", "application/sdp", FakeSrc.Sdp())
            .Replace(";+sip.src", "", StringComparison.Ordinal));
        Assert.False(offer.IsSiprec);
    }

    [Theory]
    [InlineData("<recording><session>")]
    [InlineData("not xml at all")]
    [InlineData("<!DOCTYPE r SYSTEM 'file:///etc/passwd'><recording/>")]
    public async Task Metadata_that_cannot_be_read_refuses_no_audio(string metadata)
    {
        var offer = await OfferAsync(src => src.Invite(metadata: metadata));
        Assert.Null(offer.Metadata);
        Assert.NotNull(offer.MetadataFault);
        Assert.Equal(metadata, Encoding.UTF8.GetString(offer.RawMetadata!));
    }

    [Fact]
    public async Task One_mixed_stream_of_two_participants_is_answered()
    {
        var sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            + "m=audio 4000 RTP/AVP 0\r\na=label:16777227\r\n";
        var metadata = FakeSrc.Metadata().Replace(">s2<", ">s1<", StringComparison.Ordinal);
        var offer = await OfferAsync(src => src.Invite(sdp: sdp, metadata: metadata));
        Assert.Equal("16777227", Assert.Single(offer.Sdp!.Media).Label);
        Assert.All(offer.Metadata!.ParticipantStreams, one => Assert.Equal(one.Send, one.Recv));
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("0.0.0.0", true)]
    public async Task Stream_without_direction_is_sent_and_held_by_address(string address, bool held)
    {
        var offer = await OfferAsync(src => src.Invite(sdp: FakeSrc.Sdp()
            .Replace("a=sendonly\r\n", "", StringComparison.Ordinal)
            .Replace("c=IN IP4 127.0.0.1", "c=IN IP4 " + address, StringComparison.Ordinal)));
        Assert.All(offer.Sdp!.Media, media => Assert.Equal(held, media.IsHeld));
        Assert.All(offer.Sdp!.Media, media => Assert.Equal(Sdp.MediaDirection.SendRecv, media.Direction));
    }

    private static string With(string contact, FakeSrc src) =>
        contact.Replace("HOST", src.Local.ToString(), StringComparison.Ordinal);

    private static RecordingMetadata Read(string xml)
    {
        Assert.True(MetadataParser.TryParse(Encoding.UTF8.GetBytes(xml), out var metadata, out var fault), fault);
        return metadata!;
    }

    private static async Task<SessionOffer> OfferAsync(Func<FakeSrc, string> invite)
    {
        await using var bench = await EngineBench.CreateAsync();
        var message = invite(bench.Src);
        var line = message.Split("\r\n").First(one => one.StartsWith("Content-Length:", StringComparison.Ordinal));
        var length = Encoding.UTF8.GetByteCount(message.Split("\r\n\r\n", 2)[1]);
        bench.Establish(message.Replace(line, $"Content-Length: {length}", StringComparison.Ordinal));
        return Assert.Single(bench.Application.Offers);
    }
}
