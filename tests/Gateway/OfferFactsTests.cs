using System.Net;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Sessions;
using Talreg.Sip;
using Talreg.Sip.Messages;
using Talreg.Sip.Siprec;

namespace Talreg.Gateway.Tests;

public sealed class OfferFactsTests
{
    [Fact]
    public void Read_metadata_gives_participants_session_and_line()
    {
        var facts = Read(Offer(Metadata()));
        Assert.Equal(["sip:bob@biloxi.com", "sip:alice@atlanta.com"], facts.Participants.Select(p => p.Aor));
        Assert.Equal("Bob", facts.Participants[0].Name);
        Assert.Equal(("bob", "alice", "bob", "c1"), (facts.Calling, facts.Called, facts.Line, facts.SessionId));
        Assert.Empty(facts.Flags);
    }

    [Fact]
    public void Read_without_metadata_takes_the_from_header_and_says_so()
    {
        var facts = Read(Offer(null));
        Assert.Equal("sip:src@example.com", Assert.Single(facts.Participants).Aor);
        Assert.Equal("call-id-1", facts.SessionId);
        Assert.Equal([CallFlags.MetadataMissing], facts.Flags);
    }

    [Fact]
    public void Read_faulty_metadata_is_flagged() =>
        Assert.Equal([CallFlags.MetadataInvalid], Read(Offer(null) with { MetadataFault = "not XML" }).Flags);

    [Fact]
    public void Read_address_without_a_scheme_gets_one()
    {
        var facts = Read(Offer(Metadata(bob: "bob@biloxi.com")));
        Assert.Equal("sip:bob@biloxi.com", facts.Participants[0].Aor);
    }

    [Fact]
    public void Read_session_id_longer_than_a_key_allows_is_hashed()
    {
        var id = new string('x', 129);
        var facts = Read(Offer(Metadata(id)));
        Assert.Equal(64, facts.SessionId.Length);
        Assert.Equal(facts.SessionId, Read(Offer(Metadata(id))).SessionId);
        Assert.Equal(128, Read(Offer(Metadata(new string('x', 128)))).SessionId.Length);
    }

    [Theory]
    [InlineData("", "bob", CallDirection.Unknown)]
    [InlineData("bob,ali", "bob", CallDirection.Internal)]
    [InlineData("bob", "bob", CallDirection.Outbound)]
    [InlineData("ali", "alice", CallDirection.Inbound)]
    [InlineData("+49", "bob", CallDirection.Unknown)]
    public void Read_lines_decide_line_and_direction(string lines, string line, CallDirection direction)
    {
        var options = Sample.Options with
        {
            Lines = lines.Split(',', StringSplitOptions.RemoveEmptyEntries),
        };
        var facts = Read(Offer(Metadata()), options);
        Assert.Equal((line, direction), (facts.Line, facts.Direction));
    }

    [Theory]
    [InlineData("", "unknown")]
    [InlineData("+49-30.1_*#", "+49-30.1_*#")]
    [InlineData("a/b c%é", "a_b_c__")]
    public void ChannelName_keeps_what_a_key_may_hold(string line, string name) =>
        Assert.Equal(name, OfferFacts.ChannelName(line));

    [Fact]
    public void ChannelName_is_cut_at_64() => Assert.Equal(64, OfferFacts.ChannelName(new string('1', 65)).Length);

    private static CallOffer Read(SessionOffer offer) =>
        Read(offer, Sample.Options);

    private static CallOffer Read(SessionOffer offer, GatewayOptions options) => OfferFacts.Read(
        offer, SessionMetadata.Begin(offer, DateTimeOffset.UnixEpoch), options, DateTimeOffset.UnixEpoch);

    private static RecordingMetadata Metadata(string session = "c1", string bob = "sip:bob@biloxi.com") => new()
    {
        Groups = [],
        Sessions = [new MetadataSession(session, [], null, null, null)],
        Participants =
        [
            new MetadataParticipant("p1", [new MetadataName(bob, "Bob")]),
            new MetadataParticipant("p2", [new MetadataName("sip:alice@atlanta.com", null)]),
        ],
        Streams = [],
        ParticipantSessions = [],
        ParticipantStreams = [],
    };

    private static SessionOffer Offer(RecordingMetadata? metadata)
    {
        var uri = new SipUri { Text = "sip:src@example.com", Scheme = "sip", User = "src", Host = "example.com" };
        var party = new NameAddress { Uri = uri };
        return new SessionOffer
        {
            CallId = "call-id-1", Method = "INVITE", IsSiprec = true, Transport = SipTransportKind.Udp,
            RemoteEndpoint = new IPEndPoint(IPAddress.Loopback, 1), From = party, To = party, RequestUri = uri,
            LocalEndpoint = new IPEndPoint(IPAddress.Loopback, 2), Headers = [], Metadata = metadata,
        };
    }
}
