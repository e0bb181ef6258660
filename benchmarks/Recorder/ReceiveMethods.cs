using System.Net;
using Talreg.Hardware;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;

namespace Talreg.Benchmarks.Recorder;

/// <summary>The ways our own devices receive, by the name the table gives them. A new device is a new line here.</summary>
internal static class ReceiveMethods
{
    internal const string Scan = "scan";
    internal const string Gathered = "gathered";

    internal static IReadOnlyList<string> Names { get; } = [Scan, Gathered];

    /// <summary>Makes a device on loopback whose ports are just enough for the pairs.</summary>
    internal static ICaptureDevice Create(string method, int firstPort, int pairs, TimeSpan interval)
    {
        return new UdpDevice(new UdpDeviceOptions
        {
            Address = IPAddress.Loopback,
            Ports = new PortRange { Low = (ushort)firstPort, High = (ushort)(firstPort + (2 * pairs) - 1) },
            ScanInterval = interval,
            Method = method switch
            {
                Scan => ReceiveMethod.Scan,
                Gathered => ReceiveMethod.Gathered,
                _ => throw new BenchmarkException($"receive method '{method}' (known: {string.Join(", ", Names)})"),
            },
        });
    }
}
