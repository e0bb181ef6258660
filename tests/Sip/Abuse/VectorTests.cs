using System.Globalization;
using System.Text;
using Talreg.Sip.Siprec;
using Talreg.TestKit;

namespace Talreg.Sip.Tests.Abuse;

/// <summary>
/// Messages that were written to break parsers. Of each: nothing is thrown, little is allocated, the attempt is
/// counted,
/// and a neighbour's session is answered afterwards; of those in the index also the answer.
/// </summary>
public sealed class VectorTests
{
    private const long MaxAllocatedBytes = 8 << 20;

    public static TheoryData<string> Rfc4475 => Vectors.Names("rfc4475");

    public static TheoryData<string> Rfc5118 => Vectors.Names("rfc5118");

    public static TheoryData<string> Length => Vectors.Names("length");

    public static TheoryData<string> Headers => Vectors.Names("headers");

    public static TheoryData<string> Multipart => Vectors.Names("multipart");

    public static TheoryData<string> Metadata => Vectors.Names("metadata");

    public static TheoryData<string> Sdp => Vectors.Names("sdp");

    [Theory]
    [MemberData(nameof(Rfc4475))]
    public Task Torture_message_of_rfc_4475_does_no_harm(string name) => CheckMessageAsync("rfc4475", name);

    [Theory]
    [MemberData(nameof(Rfc5118))]
    public Task Torture_message_of_rfc_5118_does_no_harm(string name) => CheckMessageAsync("rfc5118", name);

    [Theory]
    [MemberData(nameof(Length))]
    public Task Content_length_that_lies_does_no_harm(string name) => CheckMessageAsync("length", name);

    [Theory]
    [MemberData(nameof(Headers))]
    public Task Header_that_attacks_does_no_harm(string name) => CheckMessageAsync("headers", name);

    [Theory]
    [MemberData(nameof(Multipart))]
    public async Task Body_in_parts_that_attacks_does_no_harm(string name)
    {
        await using var bench = await EngineBench.CreateAsync();
        var body = Vectors.Read("multipart", name);
        var answer = Invite(bench, "multipart/mixed;boundary=foobar", body);
        await CheckAsync(bench, "multipart", name, answer);
    }

    [Theory]
    [MemberData(nameof(Sdp))]
    public async Task Session_description_that_attacks_does_no_harm(string name)
    {
        await using var bench = await EngineBench.CreateAsync();
        var answer = Invite(bench, "application/sdp", Vectors.Read("sdp", name));
        await CheckAsync(bench, "sdp", name, answer);
    }

    [Theory]
    [MemberData(nameof(Metadata))]
    public async Task Metadata_that_attacks_refuses_no_audio(string name)
    {
        await using var bench = await EngineBench.CreateAsync();
        var document = Vectors.Read("metadata", name);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = MetadataParser.TryParse(document, out _, out var fault);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocatedBytes, $"{name} allocated {allocated} bytes");
        var expected = Vectors.Expected("metadata", name);
        Assert.True(
            expected is null || expected == (isRead ? "read" : "fault"), $"{name}: {(isRead ? "read" : fault)}");
        byte[] body =
        [
            .. Encoding.UTF8.GetBytes("--foobar\r\nContent-Type: application/sdp\r\n\r\n" + FakeSrc.Sdp()
                + "\r\n--foobar\r\nContent-Type: application/rs-metadata+xml\r\n\r\n"),
            .. document,
            .. "\r\n--foobar--\r\n"u8,
        ];
        var answer = Invite(bench, "multipart/mixed;boundary=foobar", body);
        if (body.Length < bench.Engine.Options.Limits.MaxMessageBytes - 2_048)
        {
            Assert.Equal("200", answer);
            var offer = bench.Application.Offers.First();
            Assert.Equal(isRead, offer.Metadata is not null);
            Assert.Equal(document, offer.RawMetadata);
        }

        AssertNeighbour(bench);
    }

    private static async Task CheckMessageAsync(string folder, string name)
    {
        await using var bench = await EngineBench.CreateAsync();
        var answer = Receive(bench, Vectors.Read(folder, name));
        await CheckAsync(bench, folder, name, answer);
    }

    private static Task CheckAsync(EngineBench bench, string folder, string name, string answer)
    {
        var expected = Vectors.Expected(folder, name);
        Assert.True(expected is null || expected == answer, $"{name}: {answer}, not {expected}");
        var isRefused = !int.TryParse(answer, CultureInfo.InvariantCulture, out var status) || status >= 300;
        Assert.Equal(isRefused, !bench.Application.Refusals.IsEmpty);
        Assert.Empty(bench.Log.Lines);
        AssertNeighbour(bench);
        return Task.CompletedTask;
    }

    private static string Invite(EngineBench bench, string type, byte[] body)
    {
        var head = bench.Src.Request("INVITE", 1, "Require: siprec\r\n", type, "")
            .Replace("Content-Length: 0", $"Content-Length: {body.Length}", StringComparison.Ordinal);
        return Receive(bench, [.. Encoding.UTF8.GetBytes(head), .. body]);
    }

    /// <summary>Gives the engine bytes; what it answered at last, or else under what it counted them.</summary>
    private static string Receive(EngineBench bench, byte[] bytes)
    {
        var sent = bench.Sent.Count;
        var before = GC.GetAllocatedBytesForCurrentThread();
        bench.Receive(bytes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocatedBytes, $"{allocated} bytes allocated for {bytes.Length} received");
        return bench.Sent.Count > sent
            ? bench.Sent[^1].Text.Split(' ')[1]
            : bench.Application.Refusals.LastOrDefault()?.Reason.ToString() ?? "nothing";
    }

    private static void AssertNeighbour(EngineBench bench)
    {
        var neighbour = bench.Src.Invite()
            .Replace(bench.Src.CallId, "neighbour", StringComparison.Ordinal)
            .Replace(bench.Src.FromTag, "neighbour", StringComparison.Ordinal);
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(neighbour)[^1], StringComparison.Ordinal);
    }
}
