using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Talreg.Capture;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Evidence.Chunks;
using Talreg.Gateway.Sealing;
using Talreg.Sip;

namespace Talreg.Gateway.Tests;

public sealed class TakeFactsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Write_then_read_gives_the_same()
    {
        var call = new CallId(Guid.NewGuid());
        var facts = new TakeFacts
        {
            Admission = new CallAdmitted(call, "default", "s", ["sip1/100"], Start, Sample.Verdict, [], ["noMedia"]),
            Gateway = "gw1",
            Interface = "sip1",
            StartedAt = Start,
            StartMonotonicNs = long.MaxValue,
            Streams =
            [
                new StreamFormat("1", "AMR", 96, 8000, "p1")
                {
                    Formats =
                    [
                        new PayloadFormat(96, "AMR", 8000, 1, "octet-align=1"),
                        new PayloadFormat(101, "telephone-event", 8000, 1, null),
                    ],
                },
                new StreamFormat("", "G722", 98, 8000, null),
            ],
        };
        var identity = new TakeIdentity
        {
            CallId = call.Value, TakeId = Guid.NewGuid(), Tenant = "default", Site = "site1", Epoch = 3,
        };
        var read = TakeFacts.Read(facts.Write(identity));
        Assert.Equal(
            facts.Streams.Select(stream => stream with { Formats = [] }),
            read.Streams.Select(stream => stream with { Formats = [] }));
        Assert.All(facts.Streams.Zip(read.Streams), pair => Assert.Equal(pair.First.Formats, pair.Second.Formats));
        Assert.Equal((facts.Gateway, facts.Interface, Start), (read.Gateway, read.Interface, read.StartedAt));
        Assert.Equal(long.MaxValue, read.StartMonotonicNs);
        Assert.Equal((call, "s"), (read.Admission.Call, read.Admission.SessionId));
        Assert.Equal(Sample.Verdict, read.Admission.Verdict);
        Assert.Equal(["noMedia"], read.Admission.Flags);
    }

    [Fact]
    public void Formats_of_what_was_written_before_they_were_kept_are_none() =>
        Assert.Empty(PayloadFormats.Read(null));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    public void Read_of_another_form_is_refused(string json) =>
        Assert.Throws<JsonException>(() => TakeFacts.Read(System.Text.Encoding.UTF8.GetBytes(json)));

    private static int Logged(ILogger logger) =>
        logger.ReceivedCalls().Count(call => call.GetMethodInfo().Name == nameof(ILogger.Log));
}
