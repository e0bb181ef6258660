using System.CommandLine;
using Talreg.Silo.Verbs;

namespace Talreg.Silo.Tests;

/// <summary>The command line as its user meets it.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Verbs { get; } = new(TalregCommand.Create().Subcommands.Select(verb => verb.Name));

    [Fact]
    public void Create_has_the_verbs_of_the_readme() =>
        Assert.Equal(
            [
                "all", "silo", "gateway", "demo", "witness", "verify", "export", "status", "drain", "failback",
                "inspect", "rebuild",
            ],
            TalregCommand.Create().Subcommands.Select(verb => verb.Name));

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_of_a_verb_says_what_it_and_each_of_its_options_is_for(string name)
    {
        var verb = TalregCommand.Create().Subcommands.Single(command => command.Name == name);
        var (code, output, error) = await RunAsync(name, "--help");
        var text = Words(output);

        Assert.Equal((0, ""), (code, error));
        AssertDescribed(verb.Description, text);
        Assert.All(verb.Options.Where(option => option is not System.CommandLine.Help.HelpOption), option =>
        {
            Assert.Contains(option.Name, text, StringComparison.Ordinal);
            Assert.True(option.ValueType == typeof(bool) || option.HelpName is not null, $"{option.Name}: no value");
            AssertDescribed(option.Description, text);
        });
        Assert.All(verb.Arguments, argument =>
        {
            Assert.Contains($"<{argument.Name}>", text, StringComparison.Ordinal);
            AssertDescribed(argument.Description, text);
        });
    }

    [Fact]
    public async Task Help_without_a_verb_lists_the_verbs_and_the_recorders_options()
    {
        var (code, output, _) = await RunAsync("--help");

        Assert.Equal(0, code);
        Assert.All(Verbs, verb => Assert.Contains($"\n  {verb.Data}", output, StringComparison.Ordinal));
        Assert.All(
            new[] { "--data <folder>", "--sip <host:port>", "--http <host:port>", "--rtp-ports <low-high>" },
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("all --data", "data holds nothing; it may hold the path of a folder.")]
    [InlineData("demo --sip", "sip holds nothing; it may hold an address and a port")]
    [InlineData("--http nowhere", "http holds 'nowhere'; it may hold an address and a port")]
    [InlineData("demo --rtp-ports 1-2", "rtp-ports holds '1-2'; it may hold a range low-high")]
    [InlineData("rebuild --data", "data holds nothing; it may hold the path of a folder.")]
    [InlineData("all --port 5060", "Unrecognized command or argument '--port'. See: talreg all --help")]
    [InlineData("record", "Unrecognized command or argument 'record'. See: talreg --help")]
    [InlineData("verify", "Required argument 'BUNDLE' missing for command: 'verify'. See: talreg verify --help")]
    [InlineData("export 1", "Option '--out' is required. See: talreg export --help")]
    [InlineData("status --server nowhere", "--server holds 'nowhere'; it may hold a URL such as http://127.")]
    [InlineData("drain --interface sip1 --server ftp://h", "--server holds 'ftp://h'; it may hold a URL")]
    [InlineData("status --server http://127.0.0.1:9", "Set TALREG_TOKEN to an access token")]
    [InlineData("drain", "Option '--interface' is required. See: talreg drain --help")]
    [InlineData("drain --interface Sip", "--interface holds 'Sip'; it may hold 1 to 32 of a-z, 0-9 and hyphen.")]
    [InlineData("export 1 --out x", "'1' is not a call id; it looks like 0192f0c1-2345-7abc-8def-0123456789ab.")]
    public async Task Wrong_use_is_refused_in_one_line(string arguments, string line)
    {
        var (code, output, error) = await RunAsync(arguments.Split(' '));

        Assert.Equal((VerbConsole.Refused, ""), (code, output));
        Assert.StartsWith($"talreg: {line}", error, StringComparison.Ordinal);
        Assert.Equal(error.Length - 1, error.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verify_and_inspect_name_what_they_cannot_read()
    {
        var missing = Path.Combine(_folder.Path, "missing.zip");
        var bundle = _folder.File("bundle.zip", "no bundle");
        var key = _folder.File("ledger.key", "no key");

        Assert.Equal((2, "", $"talreg: Could not find file '{missing}'.\n"), await RunAsync("verify", missing));
        Assert.Equal((2, "", $"talreg: Could not find file '{missing}'.\n"), await RunAsync("inspect", missing));
        var (code, _, error) = await RunAsync("verify", bundle, "--trust", key);
        Assert.Equal(2, code);
        Assert.StartsWith($"talreg: {key} holds no verifier key: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_refuses_what_is_no_bundle_and_inspect_does_not_recognise_it()
    {
        var bundle = _folder.File("bundle.zip", "no bundle");

        Assert.Equal(1, (await RunAsync("verify", bundle)).Code);
        Assert.Equal(1, (await RunAsync("inspect", bundle)).Code);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var console = new InvocationConfiguration
        {
            Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false,
        };
        var code = await TalregCommand.RunAsync(arguments, console);
        return (code, output.ToString(), error.ToString());
    }

    private static void AssertDescribed(string? description, string help)
    {
        Assert.NotNull(description);
        Assert.EndsWith(".", description, StringComparison.Ordinal);
        Assert.Contains(Words(description), help, StringComparison.Ordinal);
    }

    // Help is folded to the width of the terminal.
    private static string Words(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
