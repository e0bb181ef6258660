using System.Text.Json;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;

namespace Talreg.State.Tests;

public sealed class TalregJsonTests
{
    [Fact]
    public void Options_write_a_call_in_the_shape_of_the_api()
    {
        var call = Calls.Make(Calls.Epoch.AddTicks(1_239_999), "sip:+4989@example.com") with { Flags = ["noMedia"] };
        var expected =
            $$$"""
            {"id":"{{{call.Id}}}","tenant":"default","kind":"call","sessionId":"c2Vzc2lvbg==",
            "channels":["sip1/0812345"],
            "state":"sealed","startedAt":"2026-03-01T08:00:00.123Z",
            "endedAt":"2026-03-01T08:01:01.623Z",
            "endReason":"bye","verdicts":[{"at":"2026-03-01T08:00:00.123Z","kind":"record",
            "policy":"default","version":1,"rule":"all",
            "reason":"rule 'all': matches every call","autonomous":false,"retentionDays":1826,
            "purpose":"all calls are recorded"}],
            "participants":[{"id":"p1","aor":"sip:+4989@example.com","name":"Ann"}],"links":[],"flags":["noMedia"],
            "takes":[{"id":"{{{call.Takes[0].Id}}}","gateway":"gw1","epoch":3,"sealed":true,"committedChunks":12,
            "streams":[{"index":0,"label":"1","codec":"PCMA","participant":null,"packets":50,"lost":0,"kernelDrops":0,
            "late":0,"foreign":0,"firstAt":"2026-03-01T08:00:00.123Z","lastAt":null}]}],
            "evidence":{"leaf":41,"checkpointSize":42},"attributes":[],"timeline":[]}
            """.Replace("\n", string.Empty, StringComparison.Ordinal);
        Assert.Equal(expected, JsonSerializer.Serialize(call, TalregJson.Options));
    }

    [Fact]
    public void Options_read_what_they_write()
    {
        var text = JsonSerializer.Serialize(Calls.Make(Calls.Epoch, "tel:+4989"), TalregJson.Options);
        var read = JsonSerializer.Deserialize<CallDocument>(text, TalregJson.Options)!;
        Assert.Equal(text, JsonSerializer.Serialize(read, TalregJson.Options));
        Assert.Equal(TimeSpan.FromDays(1826), read.Verdicts[0].Retention);
    }

    [Theory]
    [InlineData("\"2026-03-01T08:00:00\"")]
    [InlineData("\"yesterday\"")]
    [InlineData("\"\"")]
    public void Options_refuse_a_time_without_offset(string text) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<DateTimeOffset>(text, TalregJson.Options));

    [Theory]
    [InlineData("1")]
    [InlineData("\"recorded\"")]
    public void Options_refuse_an_unknown_enum_value(string text) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<CallState>(text, TalregJson.Options));
}
