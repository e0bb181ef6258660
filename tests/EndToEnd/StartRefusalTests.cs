using System.Net;
using System.Net.Sockets;

namespace Talreg.EndToEnd.Tests;

/// <summary>What the real program says when it cannot start: one line, exit code 2, nothing else.</summary>
public sealed class StartRefusalTests : IDisposable
{
    private readonly string _folder = Recorder.NewFolder();

    [Fact]
    public async Task Busy_sip_udp_port_is_refused_in_one_line()
    {
        using var busy = Hold(SocketType.Dgram);

        await AssertRefusedAsync(
            $"sip holds {busy.LocalEndPoint}, whose UDP port another program uses: stop it (ss -lnup names it)",
            TalregProcess.Recorder(_folder, sip: Port(busy)));
    }

    [Fact]
    public async Task Busy_sip_tcp_port_is_refused_in_one_line()
    {
        using var busy = Hold(SocketType.Stream);

        await AssertRefusedAsync(
            $"sip holds {busy.LocalEndPoint}, whose TCP port another program uses: stop it (ss -lntp names it)",
            TalregProcess.Recorder(_folder, sip: Port(busy)));
    }

    [Fact]
    public async Task Busy_http_port_is_refused_in_one_line()
    {
        using var busy = Hold(SocketType.Stream);

        await AssertRefusedAsync(
            $"http holds {busy.LocalEndPoint}, whose TCP port another program uses: stop it (ss -lntp names it)",
            TalregProcess.Recorder(_folder, http: Port(busy)));
    }

    [Fact]
    public async Task Busy_port_of_the_demo_is_refused_in_one_line()
    {
        using var busy = Hold(SocketType.Dgram);

        await AssertRefusedAsync(
            $"sip holds {busy.LocalEndPoint}, whose UDP port another program uses",
            ["demo", "--once", "--data", _folder, "--sip", $"{busy.LocalEndPoint}"]);
    }

    [Fact]
    public async Task Second_recorder_on_the_folder_is_refused_in_one_line()
    {
        await using var first = await Recorder.StartAsync(_folder);

        await AssertRefusedAsync($"Another recorder uses '{_folder}'", TalregProcess.Recorder(_folder));
    }

    [Fact]
    public async Task Second_recorder_on_a_volume_is_refused_in_one_line()
    {
        var volume = Path.Combine(_folder, "volume");
        await using var first = await Recorder.StartAsync(
            Path.Combine(_folder, "one"), change: settings => settings with { Volumes = [volume] });

        var volumes = $"{Path.Combine(_folder, "own")},{volume}";
        await AssertRefusedAsync(
            $"Another recorder uses the volume '{volume}'.",
            TalregProcess.Recorder(Path.Combine(_folder, "two")),
            "env",
            $"TALREG_VOLUMES={volumes}");
    }

    [Fact]
    public async Task Folder_below_a_file_is_refused_in_one_line()
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        var below = Path.Combine(file, "data");

        await AssertRefusedAsync($"data holds '{below}', which cannot be made", TalregProcess.Recorder(below));
    }

    [Fact]
    public async Task Folder_without_write_permission_is_refused_in_one_line()
    {
        var closed = Path.Combine(_folder, "closed");
        Directory.CreateDirectory(closed);
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        // Root may write anywhere by one capability, without which it is a user like others.
        string[] before = Environment.IsPrivilegedProcess
            ? [Peer.Require("setpriv", "util-linux"), "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
            : [];
        await AssertRefusedAsync(
            $"data holds '{closed}', which this user cannot write", TalregProcess.Recorder(closed), before);
    }

    [Fact]
    public async Task Wrong_setting_is_refused_in_one_line() =>
        await AssertRefusedAsync(
            "rtp-ports holds '20001-20010'; it may hold a range low-high",
            ["all", "--data", _folder, "--rtp-ports", "20001-20010"]);

    [Fact]
    public async Task Token_file_that_others_may_read_is_refused_in_one_line()
    {
        var tokens = Path.Combine(_folder, "tokens.json");
        await File.WriteAllTextAsync(tokens, "{}");
        File.SetUnixFileMode(tokens, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        await AssertRefusedAsync(
            $"The token file '{tokens}' may be used by others than its owner. Run: chmod 600",
            TalregProcess.Recorder(_folder));
    }

    [Fact]
    public async Task All_in_one_with_a_database_is_refused()
    {
        using var process = TalregProcess.Start(
            TalregProcess.Recorder(_folder),
            new Dictionary<string, string> { ["TALREG_DATABASE"] = "Host=127.0.0.1;Database=talreg" });
        var (code, _, error) = await process.EndAsync();
        Assert.Equal(2, code);
        Assert.StartsWith(
            "talreg: database is for 'talreg silo' and 'talreg gateway'", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public Task Process_of_a_cluster_without_a_database_is_refused(string verb) =>
        AssertRefusedAsync("database holds nothing", [verb, "--data", _folder, "--http", "127.0.0.1:0"]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task AssertRefusedAsync(string line, string[] arguments, params string[] before)
    {
        using var process = TalregProcess.Start(arguments, before);
        var (code, output, error) = await process.EndAsync();
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"talreg: {line}", error, StringComparison.Ordinal);
        Assert.Equal(error.Length - 1, error.IndexOf('\n', StringComparison.Ordinal));
    }

    private static Socket Hold(SocketType type)
    {
        var socket = new Socket(
            AddressFamily.InterNetwork, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (type == SocketType.Stream)
        {
            socket.Listen();
        }

        return socket;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
