using System.Text;
using System.Text.Json.Nodes;
using Talreg.Evidence.Json;

namespace Talreg.Evidence.Tests.Json;

public sealed class CanonicalJsonTests
{
    [Fact]
    public void Write_sortsByUtf16AndEscapesAsRfc8785()
    {
        var value = new JsonObject { ["€"] = 1, ["\r"] = "\u000f\"\\\n", ["a"] = new JsonArray(true, null, -5) };
        Assert.Equal(
            "{\"\\r\":\"\\u000f\\\"\\\\\\n\",\"a\":[true,null,-5],\"€\":1}",
            Encoding.UTF8.GetString(CanonicalJson.Write(value)));
    }

    [Theory]
    [InlineData("{\"a\":1.0}")]
    [InlineData("{\"a\":1e2}")]
    [InlineData("{ \"a\":1}")]
    [InlineData("{\"b\":1,\"a\":1}")]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("9007199254740992")]
    [InlineData("-0")]
    [InlineData("\"\\u0041\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("")]
    [InlineData("{}x")]
    public void TryParseCanonical_ofAnotherForm_refuses(string text)
    {
        Assert.False(CanonicalJson.TryParseCanonical(Encoding.UTF8.GetBytes(text), out _, out var reason));
        Assert.NotNull(reason);
    }
}
