using System.Net;
using System.Text;
using Talreg.Sip.Siprec;
using Talreg.Sip.Siprec.Dialects;

namespace Talreg.Sip.Tests;

/// <summary>Vendors' extension data and headers: kept as they stand and mapped to facts.</summary>
public sealed class DialectTests
{
    private const string Apkt = "http://acmepacket.com/siprec/extensiondata";

    [Theory]
    [InlineData("00FA080018803B69810C6D;encoding=hex", "00024328271770065005")]
    [InlineData("FA080018803B69810C6D", "00024328271770065005")]
    [InlineData("0018803B69810C6D", "00024328271770065005")]
    [InlineData("00024328271770065005", "00024328271770065005")]
    [InlineData("00FA08;encoding=hex", null)]
    [InlineData("hello", null)]
    [InlineData("", null)]
    public void Ucid_is_read_in_every_spelling(string text, string? expected) =>
        Assert.Equal(expected, Ucid.Read(text));

    [Fact]
    public void Oracle_extension_data_gives_ucid_caller_realm_and_headers()
    {
        var facts = Read(
            $"<session session_id='c1'><extensiondata xmlns:apkt='{Apkt}'>"
            + "<apkt:ucid>00FA080018803B69810C6D;encoding=hex</apkt:ucid><apkt:callerOrig>true</apkt:callerOrig>"
            + "</extensiondata></session><participant participant_id='p1'><nameID aor='sip:a@b'/>"
            + $"<extensiondata xmlns:apkt='{Apkt}'><apkt:callingParty>true</apkt:callingParty>"
            + "<apkt:in-realm>access</apkt:in-realm>"
            + "<apkt:header label=\"User-to-User\"><value>00FA;encoding=hex</value></apkt:header></extensiondata>"
            + "</participant>");
        Assert.Equal(
            ["ucid=00024328271770065005", "callerOrig=true", "callingParty=true", "realm=access",
                "header:User-to-User=00FA;encoding=hex"],
            facts.Facts.Select(fact => $"{fact.Name}={fact.Value}"));
        Assert.Equal(["ucid:00024328271770065005"], facts.LinkKeys);
    }

    [Fact]
    public void Oracle_prefix_declared_at_the_root_is_understood()
    {
        var metadata = Parse(
            $"<recording xmlns='urn:ietf:params:xml:ns:recording:1' xmlns:apkt='{Apkt}'><session session_id='c1'>"
            + "<apkt:ucid>00FA080018803B69810C6D;encoding=hex</apkt:ucid></session></recording>");
        var extension = Assert.Single(metadata.Extensions);
        Assert.Equal(
            new MetadataExtension(
                "session", "c1", Apkt, "ucid", "00FA080018803B69810C6D;encoding=hex",
                "<apkt:ucid>00FA080018803B69810C6D;encoding=hex</apkt:ucid>"),
            extension);
        Assert.Equal("00024328271770065005", MetadataDialects.Read(Offer(metadata)).Facts[0].Value);
    }

    [Fact]
    public void Ribbon_call_data_is_kept_up_to_2048_characters()
    {
        var data = new string('x', 2_048);
        var facts = Read($"<session session_id='c1'><callData>{data}</callData></session>");
        Assert.Equal(new VendorFact("callData", data), Assert.Single(facts.Facts));
    }

    [Fact]
    public void BroadWorks_tracking_id_ties_both_halves_of_a_call()
    {
        var facts = Read(
            "<session session_id='c1'><broadWorksRecordingMetadata xmlns='http://schema.broadsoft.com/x'>"
            + "<extTrackingID>59:1</extTrackingID><userID>alice@example.com</userID>"
            + "<callType><origCall><callingPartyNumber>+1555</callingPartyNumber></origCall></callType>"
            + "</broadWorksRecordingMetadata></session>");
        Assert.Equal(["broadworks:59:1"], facts.LinkKeys);
        Assert.Equal(["trackingId=59:1", "userId=alice@example.com"], facts.Facts.Select(f => $"{f.Name}={f.Value}"));
    }

    [Fact]
    public void Group_and_session_id_tie_the_legs_of_a_transfer()
    {
        var facts = Read(
            "<group group_id='g1'/><session session_id='c1'><sipSessionID>ab30317f1a784dc48ff824d0d3715d86;"
            + "remote=00000000000000000000000000000000</sipSessionID></session>");
        Assert.Equal(["group:g1", "session-id:ab30317f1a784dc48ff824d0d3715d86"], facts.LinkKeys);
    }

    [Fact]
    public void Cisco_headers_give_the_call_and_who_is_on_which_m_line()
    {
        var facts = MetadataDialects.Read(Offer(null) with
        {
            Headers =
            [
                new SipHeaderField("Cisco-Guid", "0752471936-0000065536-0000000012-3232266252"),
                new SipHeaderField("X-Cisco-Recording-Participant", "<sip:1001@10.0.0.1>;media-index=\"0\""),
                new SipHeaderField("X-Cisco-Recording-Participant", "sip:1002@10.0.0.2;media-index=1"),
            ],
        });
        Assert.Equal("cisco:0752471936-0000065536-0000000012-3232266252", facts.CallKey);
        Assert.Equal(
            [new VendorParty("sip:1001@10.0.0.1", 0), new VendorParty("sip:1002@10.0.0.2", 1)], facts.Parties);
    }

    [Theory]
    [InlineData("x-nearend", "near", "sip:1001")]
    [InlineData("x-farend", "far", "sip:1002")]
    public void Cisco_bridge_gives_both_ends_one_call_key(string end, string word, string party)
    {
        var facts = MetadataDialects.Read(Offer(null) with
        {
            From = new NameAddressBuilder(
                $"<sip:1001@10.0.0.9;{end};x-refci=27298698;x-nearendclusterid=C1"
                + ";x-nearendaddr=1001;x-farendaddr=1002>")
                .Build(),
        });
        Assert.Equal("cisco-bridge:C1/27298698", facts.CallKey);
        Assert.Contains(new VendorFact("ciscoEnd", word), facts.Facts);
        Assert.Equal(new VendorParty(party, 0), Assert.Single(facts.Parties));
    }

    [Fact]
    public void Avaya_ucid_in_a_header_is_read()
    {
        var facts = MetadataDialects.Read(Offer(null) with
        {
            Headers = [new SipHeaderField("User-to-User", "00FA080018803B69810C6D;encoding=hex")],
        });
        Assert.Contains(new VendorFact("ucid", "00024328271770065005"), facts.Facts);
        Assert.Contains(
            new VendorFact("header:User-to-User", "00FA080018803B69810C6D;encoding=hex"), facts.Facts);
    }

    [Fact]
    public void Facts_are_bounded_in_number_and_length()
    {
        var headers = Enumerable.Range(0, 500).Select(i => new SipHeaderField($"X-{i}", new string('y', 9_000)));
        var facts = MetadataDialects.Read(Offer(null) with { Headers = [.. headers] });
        Assert.Equal(VendorFacts.MaxFacts, facts.Facts.Count);
        Assert.All(facts.Facts, fact => Assert.Equal(VendorFacts.MaxValueLength, fact.Value.Length));
    }

    private static VendorFacts Read(string content) => MetadataDialects.Read(Offer(Parse(
        $"<recording xmlns='urn:ietf:params:xml:ns:recording:1'>{content}</recording>")));

    private static RecordingMetadata Parse(string xml)
    {
        Assert.True(MetadataParser.TryParse(Encoding.UTF8.GetBytes(xml), out var metadata, out var fault), fault);
        return metadata!;
    }

    internal static SessionOffer Offer(RecordingMetadata? metadata)
    {
        var from = new NameAddressBuilder("<sip:src@example.com>").Build();
        return new SessionOffer
        {
            CallId = "1", Method = "INVITE", IsSiprec = true, Transport = SipTransportKind.Udp, From = from, To = from,
            RequestUri = from.Uri, RemoteEndpoint = new IPEndPoint(IPAddress.Loopback, 1),
            LocalEndpoint = new IPEndPoint(IPAddress.Loopback, 2), Headers = [], Metadata = metadata,
        };
    }

    private sealed record NameAddressBuilder(string Text)
    {
        public Messages.NameAddress Build()
        {
            Assert.True(Messages.SipUriParser.TryParseNameAddress(Encoding.UTF8.GetBytes(Text), out var address));
            return address!;
        }
    }
}
