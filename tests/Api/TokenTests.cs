using System.Runtime.Versioning;
using Microsoft.Extensions.Time.Testing;
using Talreg.Api.Access;

namespace Talreg.Api.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class TokenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-tokens-").FullName;
    private readonly FakeTimeProvider _time = new(Samples.At);

    private string File_ => Path.Combine(_folder, "tokens.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_first_time_announces_one_token_and_keeps_only_its_hash()
    {
        var announced = new List<string>();
        var options = new TalregApiOptions { TokenFile = File_, AnnounceToken = announced.Add };
        AccessTokens.Open(options, _time);
        var again = AccessTokens.Open(options, _time);

        var token = Assert.Single(announced);
        Assert.StartsWith("tlr_", token, StringComparison.Ordinal);
        Assert.Equal(4 + 43, token.Length);
        Assert.DoesNotContain(token, File.ReadAllText(File_), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File_));
        Assert.True(again.TryFind(token, out var name));
        Assert.Equal("administrator", name);
        Assert.False(again.TryFind(token + "x", out _));
        Assert.False(again.TryFind(string.Empty, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nineteen-characters")]
    [InlineData("twenty characters and a space")]
    public void Open_bootstrap_token_unfit_refuses(string token)
    {
        var options = new TalregApiOptions { TokenFile = File_, BootstrapToken = token };
        var refusal = Assert.Throws<AccessTokensException>(() => AccessTokens.Open(options, _time));
        Assert.Contains("TALREG_BOOTSTRAP_TOKEN", refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(File_));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"version\":1,\"tokens\":[{\"name\":\"a\",\"sha256\":\"00\"}]}")]
    public void Open_file_malformed_refuses(string content)
    {
        File.WriteAllText(File_, content);
        File.SetUnixFileMode(File_, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var options = new TalregApiOptions { TokenFile = File_ };
        Assert.Contains(
            File_,
            Assert.Throws<AccessTokensException>(() => AccessTokens.Open(options, _time)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Open_file_that_others_may_read_refuses()
    {
        AccessTokens.Open(new TalregApiOptions { TokenFile = File_ }, _time);
        File.SetUnixFileMode(File_, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Throws<AccessTokensException>(
            () => AccessTokens.Open(new TalregApiOptions { TokenFile = File_ }, _time));
    }

    [Fact]
    public void Sessions_end_after_idling_and_after_their_lifetime_and_are_bounded()
    {
        var sessions = new PageSessions(_time);
        var idle = sessions.Begin("a");
        _time.Advance(PageSessions.IdleLimit);
        Assert.False(sessions.TryFind(idle, out _));

        var busy = sessions.Begin("b");
        for (var half = 1; half < 24; half++)
        {
            _time.Advance(TimeSpan.FromMinutes(30));
            Assert.True(sessions.TryFind(busy, out _), $"after {half} half hours");
        }

        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.False(sessions.TryFind(busy, out _));

        var first = sessions.Begin("first");
        for (var i = 0; i < PageSessions.Max; i++)
        {
            _time.Advance(TimeSpan.FromTicks(1));
            sessions.Begin("other");
        }

        Assert.False(sessions.TryFind(first, out _));
    }
}
