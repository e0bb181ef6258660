using System.Net;
using Talreg.Hardware.Udp;
using Talreg.Hardware.Udp.Gather;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.EndToEnd.Tests;

/// <summary>How media is read is chosen at start, and said.</summary>
public sealed class ReceiveTests
{
    [Fact]
    public async Task Receive_method_and_why_are_labels_of_a_metric()
    {
        await using var recorder = await Recorder.StartAsync();
        var scrape = await recorder.Http.GetStringAsync(
            new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        var line = Assert.Single(
            scrape.Split('\n'), l => l.StartsWith("talreg_receive_shards{", StringComparison.Ordinal));
        Assert.Matches(
            "^talreg_receive_shards\\{method=\"(gathered\",why=\"possible|scan\",why=\"(capability|kernel|refused))\""
            + "\\} [1-8]$",
            line);
    }

    [Fact]
    public async Task Receive_asked_for_scan_scans_and_says_it_was_asked()
    {
        var settings = Settings(ReceiveMethod.Scan) with { ReceiveShards = 3 };
        await using var device = MediaDevice.Open(settings, hears: true);
        Assert.Equal(("scan", "asked", 3), (
            MediaDevice.Method(device), MediaDevice.Why(device, settings), device.ShardCount));
    }

    [Fact]
    public async Task Receive_gathered_is_gathered_or_refuses_to_start_with_the_reason()
    {
        var settings = Settings(ReceiveMethod.Gathered);
        try
        {
            await using var device = MediaDevice.Open(settings, hears: true);
            Assert.Equal("gathered", MediaDevice.Method(device));
        }
        catch (StartRefusedException refused)
        {
            var why = Assert.IsType<GatherUnavailableException>(
                Record.Exception(() => new UdpDevice(new UdpDeviceOptions
                {
                    Address = IPAddress.Loopback,
                    Ports = new() { Low = 20_000, High = 20_099 },
                    Method = ReceiveMethod.Gathered,
                })));
            Assert.Equal(
                $"receive holds 'gathered', which is not possible here: {why.Message}.", refused.Message);
        }
    }

    private static RecorderSettings Settings(ReceiveMethod receive) => new()
    {
        Data = "/nowhere",
        Sip = new IPEndPoint(IPAddress.Loopback, 0),
        Http = new IPEndPoint(IPAddress.Loopback, 0),
        RtpLow = 20_000,
        RtpHigh = 20_099,
        Receive = receive,
    };
}
