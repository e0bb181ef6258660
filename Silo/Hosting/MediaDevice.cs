using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.Hardware.Udp.Gather;
using Talreg.Silo.Options;

namespace Talreg.Silo.Hosting;

/// <summary>Makes the device at which media arrives, and says by which method it reads and why.</summary>
internal static class MediaDevice
{
    private const int CoresPerShard = 4;
    private const int MostShards = 8;

    /// <summary>One shard for every four cores: a shard reads more than the rest of them can store.</summary>
    public static int DefaultShards => Math.Clamp(Environment.ProcessorCount / CoresPerShard, 1, MostShards);

    /// <summary>Makes the device; its ports are opened by calls.</summary>
    /// <param name="settings">Address, ports, method and shards.</param>
    /// <param name="hears">False for a recorder without an interface, which never opens a port.</param>
    /// <exception cref="StartRefusedException">The method asked for is not possible here.</exception>
    public static UdpDevice Open(RecorderSettings settings, bool hears)
    {
        try
        {
            return new UdpDevice(new UdpDeviceOptions
            {
                Address = settings.Sip.Address,
                Ports = new PortRange { Low = (ushort)settings.RtpLow, High = (ushort)settings.RtpHigh },
                Method = hears ? settings.Receive : ReceiveMethod.Scan,
                Shards = settings.ReceiveShards ?? DefaultShards,
            });
        }
        catch (GatherUnavailableException refusal)
        {
            throw new StartRefusedException(
                $"receive holds 'gathered', which is not possible here: {refusal.Message}.");
        }
    }

    /// <summary>The method in use, as the setting writes it.</summary>
    public static string Method(UdpDevice device) => Word(device.Method);

    /// <summary>Why this method and not the other, in a word that a metric's label can hold.</summary>
    public static string Why(UdpDevice device, RecorderSettings settings) =>
        settings.Receive != ReceiveMethod.Auto ? "asked"
        : device.NotGathered is { } refusal ? Word(refusal.Refusal)
        : "possible";

    /// <summary>The same in words.</summary>
    public static string Explain(UdpDevice device, RecorderSettings settings) =>
        settings.Receive != ReceiveMethod.Auto ? "the setting asks for it"
        : device.NotGathered is { } refusal ? $"gathered is not possible: {refusal.Message}"
        : "the process may steer ports, which costs less than scanning them";

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
