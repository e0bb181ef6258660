using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Hardware.Udp.Gather;

/// <summary>
/// Steers local UDP ports of one address into shard sockets, through a BPF program on the process's network namespace
/// (Linux 5.9). It ends when this is disposed, and by the kernel's hand when the process dies. <see cref="Steer"/> and
/// <see cref="Release"/> may be called on any thread.
/// </summary>
internal sealed class Steering : IDisposable
{
    private const uint PortCount = 65536;
    private const string NetworkNamespace = "/proc/self/ns/net";

    private readonly SafeFileHandle _ports;
    private readonly SafeFileHandle _sockets;
    private readonly SafeFileHandle _program;
    private readonly SafeFileHandle _link;

    private Steering(SafeFileHandle ports, SafeFileHandle sockets, SafeFileHandle program, SafeFileHandle link)
    {
        _ports = ports;
        _sockets = sockets;
        _program = program;
        _link = link;
    }

    /// <summary>Puts the program in force; no port is steered yet.</summary>
    /// <param name="address">The local address whose ports are steered; any of its family when unspecified.</param>
    /// <param name="sockets">By shard: its socket, bound to that address. Disposed by the caller, after this.</param>
    /// <exception cref="GatherUnavailableException">This process may not, or this kernel cannot.</exception>
    internal static Steering Begin(IPAddress address, ReadOnlySpan<GatherSocket> sockets)
    {
        SafeFileHandle? ports = null, socketMap = null, program = null, link = null;
        try
        {
            ports = Bpf.CreateMap(Bpf.ArrayMap, sizeof(uint), PortCount, "talreg_ports", out var error)
                ?? throw Unavailable("create a map", error);
            socketMap = Bpf.CreateMap(
                Bpf.SocketMap, sizeof(ulong), (uint)sockets.Length, "talreg_shards", out error)
                ?? throw Unavailable("create a socket map", error);
            for (var i = 0; i < sockets.Length; i++)
            {
                Check("enter a socket", Bpf.Update(socketMap, (uint)i, (ulong)sockets[i].Descriptor));
                Check("enter a port", Bpf.Update(ports, sockets[i].OwnPort, SteeringProgram.Refused));
            }

            var code = SteeringProgram.Write(address, Bpf.Number(ports), Bpf.Number(socketMap));
            program = Bpf.LoadProgram(code, "talreg_steer", out error, out var log)
                ?? throw Unavailable("load the look-up program", error, log);
            using var network = File.OpenHandle(NetworkNamespace, share: FileShare.ReadWrite | FileShare.Delete);
            link = Bpf.Attach(program, network, out error) ?? throw Unavailable("attach the look-up program", error);
            return new Steering(ports, socketMap, program, link);
        }
        finally
        {
            if (link is null)
            {
                program?.Dispose();
                socketMap?.Dispose();
                ports?.Dispose();
            }
        }
    }

    /// <summary>From now on datagrams to this port go to a shard's socket.</summary>
    /// <returns>0 or errno.</returns>
    internal int Steer(ushort port, int shard) => Bpf.Update(_ports, port, (uint)shard + 1);

    /// <summary>From now on this port is what it was: nobody's, or another program's.</summary>
    /// <returns>0 or errno.</returns>
    internal int Release(ushort port) => Bpf.Update(_ports, port, SteeringProgram.Closed);

    public void Dispose()
    {
        _link.Dispose();
        _program.Dispose();
        _sockets.Dispose();
        _ports.Dispose();
    }

    private static void Check(string what, int error)
    {
        if (error != 0)
        {
            throw Unavailable(what, error);
        }
    }

    private static GatherUnavailableException Unavailable(string what, int error, string log = "")
    {
        var missing = ProcessCapabilities.MissingForSteering();
        return error switch
        {
            LibC.NotPermitted or LibC.AccessDenied when missing.Count > 0 => new(
                GatherRefusal.Capability, $"the process lacks {string.Join(" and ", missing)}"),
            LibC.NotPermitted => new(
                GatherRefusal.Refused,
                $"the kernel refuses to {what}, capabilities or not: user namespace, lockdown or seccomp"),
            LibC.NoSuchCall => new(GatherRefusal.Kernel, "the kernel has no bpf(2)"),
            LibC.Invalid => new(
                GatherRefusal.Kernel,
                $"the kernel cannot {what}: socket look-up programs need Linux 5.9. {log}".Trim()),
            _ => new(GatherRefusal.Refused, $"cannot {what}: errno {error}. {log}".Trim()),
        };
    }
}
