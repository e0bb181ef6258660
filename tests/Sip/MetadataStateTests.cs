using System.Text;
using Talreg.Sip.Sdp;
using Talreg.Sip.Siprec;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>
/// Metadata over time (RFC 7865 §6): complete and partial documents, and the history that comes of them.
/// </summary>
public sealed class MetadataStateTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.Parse(
        "2026-11-24T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void Apply_a_first_document_gives_who_joined_and_who_sends_what()
    {
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start);
        Assert.Equal(
            ["p1 Joined ", "p2 Joined ", "p1 Sends s1", "p2 Sends s2"], state.History.Select(Word));
        Assert.Equal(("p1", "p2", null), (state.SenderOf("1"), state.SenderOf("2"), state.SenderOf("3")));
    }

    [Fact]
    public void Apply_the_same_document_again_changes_nothing()
    {
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start);
        var again = state.Apply(Read(FakeSrc.Metadata()), Start.AddMinutes(1));
        Assert.Equal(state.History, again.History);
        Assert.Equal(state.Present.Order(), again.Present.Order());
    }

    [Fact]
    public void Apply_a_partial_document_removes_nothing_by_absence()
    {
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start).Apply(
            Read(Partial("<participant participant_id='p3'><nameID aor='sip:carol@x'/></participant>")),
            Start.AddSeconds(5));
        Assert.Equal(["p1", "p2", "p3"], state.Present.Order());
        Assert.Equal("p3 Joined ", Word(state.History[^1]));
        Assert.Equal("p1", state.SenderOf("1"));
    }

    [Fact]
    public void Apply_a_partial_hold_replaces_the_streams_of_the_participants_it_names_only()
    {
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start).Apply(
            Read(Partial("<participantstreamassoc participant_id='p1'><recv>s2</recv></participantstreamassoc>")),
            Start.AddSeconds(5));
        Assert.Equal((null, "p2"), (state.SenderOf("1"), state.SenderOf("2")));
        Assert.Equal("p1 StopsSending s1", Word(state.History[^1]));
        Assert.Equal(Start.AddSeconds(5), state.History[^1].At);
    }

    [Fact]
    public void Apply_a_disassociate_time_removes_at_that_time()
    {
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start).Apply(
            Read(Partial(
                "<participantsessionassoc participant_id='p2' session_id='c1'>"
                + "<disassociate-time>2026-11-24T12:00:07Z</disassociate-time></participantsessionassoc>")),
            Start.AddSeconds(9));
        Assert.Equal(["p1"], state.Present);
        Assert.Equal(["p2 StopsSending s2", "p2 Left "], state.History.Skip(4).Select(Word));
        Assert.All(state.History.Skip(4), entry => Assert.Equal(Start.AddSeconds(7), entry.At));
    }

    [Fact]
    public void Apply_a_disassociate_time_of_a_stream_ends_that_stream()
    {
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start).Apply(
            Read(Partial(
                "<participantstreamassoc participant_id='p1'><send>s1</send>"
                + "<disassociate-time>2026-11-24T12:00:07Z</disassociate-time></participantstreamassoc>")),
            Start.AddSeconds(9));
        Assert.Equal(["p1", "p2"], state.Present.Order());
        Assert.Null(state.SenderOf("1"));
    }

    [Fact]
    public void Apply_a_complete_document_replaces_and_transfers_the_stream()
    {
        var transferred = FakeSrc.Metadata().Replace("\"p2\"", "\"p3\"", StringComparison.Ordinal);
        var state = MetadataState.Empty.Apply(Read(FakeSrc.Metadata()), Start)
            .Apply(Read(transferred), Start.AddSeconds(30));
        Assert.Equal(["p1", "p3"], state.Present.Order());
        Assert.Equal("p3", state.SenderOf("2"));
        Assert.Equal(
            ["p3 Joined ", "p3 Sends s2", "p2 StopsSending s2", "p2 Left "], state.History.Skip(4).Select(Word));
        Assert.Equal(["p1", "p2", "p3"], state.Participants.Select(one => one.Id));
    }

    [Theory]
    [InlineData("2026-11-24T12:00:01Z", "2026-11-24T12:00:01Z", false)]
    [InlineData("2026-11-24T13:00:01+01:00", "2026-11-24T12:00:01Z", false)]
    [InlineData("2026-11-24T12:00:01", "2026-11-24T12:00:01Z", true)]
    [InlineData("1970-01-01T00:00:42Z", "2026-11-24T12:00:00Z", true)]
    [InlineData("now", "2026-11-24T12:00:00Z", true)]
    [InlineData(null, "2026-11-24T12:00:00Z", false)]
    public void Time_that_cannot_be_believed_is_that_of_arrival_and_doubted(
        string? text, string expected, bool doubtful)
    {
        var time = MetadataTime.Read(text, Start, out var doubted);
        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), time);
        Assert.Equal(doubtful, doubted);
    }

    [Theory]
    [InlineData("", "", MetadataDoubt.None)]
    [InlineData("<label>2</label>", "<label>7</label>", MetadataDoubt.LabelMismatch | MetadataDoubt.SenderUnknown)]
    [InlineData("<label>2</label>", "<label>1</label>",
        MetadataDoubt.LabelMismatch | MetadataDoubt.LabelDuplicate | MetadataDoubt.SenderUnknown)]
    [InlineData("<send>s2</send>", "<send>s9</send>", MetadataDoubt.ReferenceDangling | MetadataDoubt.SenderUnknown)]
    [InlineData("<send>s2</send>", "", MetadataDoubt.SenderUnknown)]
    [InlineData("stream_id=\"s2\"", "stream_id=\"\"",
        MetadataDoubt.ReferenceDangling | MetadataDoubt.SenderUnknown)]
    [InlineData("sip:alice@atlanta.com", "ASBCE@10.0.0.1", MetadataDoubt.PartyPlaceholder)]
    public void Doubts_of_metadata_that_does_not_fit_its_sdp_are_named(
        string sound, string broken, MetadataDoubt doubts)
    {
        var document = FakeSrc.Metadata();
        document = sound.Length == 0 ? document : document.Replace(sound, broken, StringComparison.Ordinal);
        var state = MetadataState.Empty.Apply(Read(document), Start);
        Assert.True(SdpParser.TryParse(Encoding.UTF8.GetBytes(FakeSrc.Sdp()), out var sdp, out _));
        Assert.Equal(doubts, MetadataDoubts.Find(state, sdp));
    }

    [Fact]
    public void State_is_bounded_in_participants_streams_and_history()
    {
        var state = MetadataState.Empty;
        for (var round = 0; round < 40; round++)
        {
            var parties = string.Concat(Enumerable.Range(0, 20).Select(i =>
                $"<participant participant_id='r{round}p{i}'><nameID aor='sip:{i}@x'/></participant>"
                + $"<stream stream_id='r{round}s{i}'><label>{i}</label></stream>"
                + $"<participantstreamassoc participant_id='r{round}p{i}'><send>r{round}s{i}</send>"
                + "</participantstreamassoc>"));
            state = state.Apply(
                Read($"<recording xmlns='urn:x'><datamode>complete</datamode>{parties}</recording>"),
                Start);
        }

        Assert.True(state.IsCut);
        Assert.InRange(state.Participants.Count, 1, MetadataState.MaxItems);
        Assert.InRange(state.Streams.Count, 1, MetadataState.MaxItems);
        Assert.InRange(state.History.Count, 1, MetadataState.MaxHistory);
    }

    private static string Partial(string content) =>
        $"<recording xmlns='urn:ietf:params:xml:ns:recording:1'><datamode>partial</datamode>{content}</recording>";

    private static string Word(PartyEvent entry) => $"{entry.Participant} {entry.Change} {entry.Stream}";

    private static RecordingMetadata Read(string xml)
    {
        Assert.True(MetadataParser.TryParse(Encoding.UTF8.GetBytes(xml), out var metadata, out var fault), fault);
        return metadata!;
    }
}
