using System.Net;
using System.Runtime.InteropServices;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.Hardware.Udp.Gather;

namespace Talreg.Hardware.Tests;

/// <summary>Tests that need what not every process may.</summary>
internal static unsafe partial class Privilege
{
    private const uint Version3 = 0x20080522;

    /// <summary>Skips the test where ports cannot be gathered, or fails it where peers are required.</summary>
    internal static void RequireGathered()
    {
        try
        {
            var options = new UdpDeviceOptions
            {
                Address = IPAddress.Loopback,
                Ports = new PortRange { Low = 20_000, High = 20_003 },
                Method = ReceiveMethod.Gathered,
            };
            Gathering.Begin(options).Dispose();
        }
        catch (GatherUnavailableException refusal)
        {
            var reason = $"Ports cannot be gathered: {refusal.Message}; run as root, or: "
                + "setcap cap_bpf,cap_net_admin+ep on the program";
            Assert.False(Environment.GetEnvironmentVariable("TALREG_PEERS") == "required", reason);
            Assert.Skip(reason);
        }
    }

    /// <summary>Runs something on a thread of its own that has no capability in effect (capabilities are a thread's).</summary>
    internal static void RunWithout(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                var header = new Header { Version = Version3 };
                var data = stackalloc Data[2];
                Assert.Equal(0, Get(&header, data));
                data[0].Effective = data[1].Effective = 0;
                Assert.Equal(0, Set(&header, data));
                action();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.True(failure is null, failure?.ToString());
    }

    [LibraryImport("libc", EntryPoint = "capget")]
    private static partial int Get(Header* header, Data* data);

    [LibraryImport("libc", EntryPoint = "capset")]
    private static partial int Set(Header* header, Data* data);

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Process;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Data
    {
        public uint Effective;
        public uint Permitted;
        public uint Inheritable;
    }
}
