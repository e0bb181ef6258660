using Microsoft.Extensions.Configuration;
using Talreg.Evidence.Witness;
using Talreg.Silo.Options;

namespace Talreg.Silo.Tests;

/// <summary>Who cosigns and who stamps, as the operator names them.</summary>
public sealed class WitnessSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_names_witnesses_and_wants_all_of_them_unless_told_otherwise()
    {
        var file = _folder.File(
            "witnesses", $"{Key("w1")} https://one.example/\n\n{Key("w2")}  http://two.example/w\n");
        var all = Read(("witnesses", file)).Ledger;
        Assert.Equal((2, 2, false), (all.Witnesses.Count, all.Quorum, all.IsPublic));
        Assert.Equal("http://two.example/w", all.Witnesses[1].Submission.ToString());
        Assert.Equal("w2", all.Witnesses[1].Key.Name);
        Assert.Equal(1, Read(("witnesses", file), ("witness-quorum", "1"), ("ledger-public", "yes")).Ledger.Quorum);
        Assert.Equal(0, Read().Ledger.Quorum);
    }

    [Theory]
    [InlineData("")]
    [InlineData("W1\n")]
    [InlineData("W1 one.example\n")]
    [InlineData("W1 ftp://one.example/\n")]
    [InlineData("W1 http://one.example/ more\n")]
    [InlineData("w1+00000000+BAAA http://one.example/\n")]
    [InlineData("W1 http://one.example/\nW1 http://two.example/\n")]
    public void Read_a_file_of_witnesses_that_does_not_read_is_refused(string text)
    {
        var file = _folder.File("witnesses", text.Replace("W1", Key("w1"), StringComparison.Ordinal));
        Assert.Equal("witnesses", Refused(("witnesses", file)));
    }

    [Fact]
    public void Read_half_a_setting_is_refused()
    {
        var file = _folder.File("witnesses", $"{Key("w1")} https://one.example/\n");
        Assert.Equal("witnesses", Refused(("witnesses", file + ".gone")));
        Assert.Equal("witness-quorum", Refused(("witness-quorum", "1")));
        Assert.Equal("witness-quorum", Refused(("witnesses", file), ("witness-quorum", "2")));
        Assert.Equal("witness-quorum", Refused(("witnesses", file), ("witness-quorum", "0")));
        Assert.Equal("ledger-public", Refused(("ledger-public", "maybe")));
        Assert.Equal("timestamp-trust", Refused(("timestamp-authority", "http://tsa.example/")));
        Assert.Equal("timestamp-authority", Refused(("timestamp-trust", file)));
        Assert.Equal("timestamp-authority", Refused(("timestamp-authority", "tsa.example"), ("timestamp-trust", file)));
        var stamped = Read(("timestamp-authority", "https://tsa.example/ts"), ("timestamp-trust", file)).Ledger;
        Assert.Equal(file, stamped.TimestampTrust);
        Assert.Equal("https://tsa.example/ts", stamped.TimestampAuthority!.ToString());
    }

    private static string Key(string name)
    {
        using var witness = new Cosigner(name, new byte[32]);
        return witness.Verifier.ToString();
    }

    private static RecorderSettings Read(params (string Key, string Value)[] values) => SettingsReader.Read(
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
            .Build());

    private static string Refused(params (string Key, string Value)[] values) =>
        Assert.Throws<SettingsException>(() => Read(values)).Key;
}
