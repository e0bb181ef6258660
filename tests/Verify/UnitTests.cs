using System.Text;

namespace Talreg.Verify.Tests;

public sealed class UnitTests
{
    [Theory]
    [InlineData("{\"a\":1,\"b\":[true,false,null,-5,\"x\"]}", true)]
    [InlineData("{\"a\":\"\\n\\u0001\\\"\"}", true)]
    [InlineData("{\"b\":1,\"a\":1}", false)]
    [InlineData("{\"a\":1,\"a\":1}", false)]
    [InlineData("{\"a\": 1}", false)]
    [InlineData("[1.5]", false)]
    [InlineData("[01]", false)]
    [InlineData("[-0]", false)]
    [InlineData("[9007199254740991]", true)]
    [InlineData("[9007199254740992]", false)]
    [InlineData("[\"\\u0041\"]", false)]
    [InlineData("[\"\\/\"]", false)]
    [InlineData("[1,]", false)]
    [InlineData("[1]x", false)]
    [InlineData("[\"", false)]
    [InlineData("", false)]
    public void CanonicalJson_takes_one_spelling_only(string text, bool expected) =>
        Assert.Equal(expected, CanonicalJson.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(100_000, false)]
    public void CanonicalJson_is_bounded_in_depth(int depth, bool expected)
    {
        var text = new string('[', depth) + new string(']', depth);
        Assert.Equal(expected, CanonicalJson.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, 0)]
    [InlineData(new[] { 1, 4 }, 2)]
    [InlineData(new[] { 65_534, 1 }, 2)]
    [InlineData(new[] { 10, 11, 11, 11, 14, 12 }, 1)]
    [InlineData(new[] { 10, 8, 11 }, 1)]
    [InlineData(new[] { 0, 65_535, 1 }, 0)]
    public void SequenceTracker_counts_what_never_came(int[] sequences, long missing)
    {
        var tracker = new SequenceTracker();
        foreach (var sequence in sequences)
        {
            tracker.Add(SampleTake.Rtp(sequence, 1));
        }

        Assert.Equal(missing, tracker.Missing);
    }

    [Fact]
    public void SequenceTracker_follows_several_turns_and_each_ssrc_apart()
    {
        var tracker = new SequenceTracker();
        for (var i = 0; i < 200_000; i++)
        {
            if (i % 1_000 != 500)
            {
                tracker.Add(SampleTake.Rtp(i & 0xffff, 1, payload: 0));
                tracker.Add(SampleTake.Rtp((i * 1) + 7 & 0xffff, 2, payload: 0));
            }
        }

        Assert.Equal((2, 400L), (tracker.Ssrcs, tracker.Missing));
    }

    [Fact]
    public void TrustAnchor_reads_the_line_and_refuses_each_change_by_name()
    {
        var line = new SampleLog(3, "acme").VerifierKey;
        Assert.True(TrustAnchor.TryParse(line + "\n", out var trust, out _));
        Assert.Equal("talreg-00000003.acme", trust.Name);
        foreach (var broken in (string[])["", "a+b", line[1..], line + "\n\n", line + "=", line.ToUpperInvariant()])
        {
            Assert.False(TrustAnchor.TryParse(broken, out _, out var reason));
            Assert.NotEmpty(reason);
        }
    }
}
