using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static Talreg.Hardware.Udp.Gather.BpfRegister;

namespace Talreg.Hardware.Udp.Gather;

/// <summary>
/// The program the kernel asks for every UDP datagram that no connected socket takes: which socket is it for? It answers for
/// open ports of the device's address and leaves all else to the usual search.
/// </summary>
/// <remarks>
/// <code>
/// if not UDP, or of another family, or to another address: PASS
/// entry = ports[local port]
/// if entry is Closed: PASS
/// if entry is Refused: DROP
/// socket = sockets[entry - 1]; if none: PASS
/// assign(socket); PASS
/// </code>
/// </remarks>
internal static class SteeringProgram
{
    /// <summary>A port that is not ours.</summary>
    internal const uint Closed = 0;

    /// <summary>A shard socket's own port: nobody is there.</summary>
    internal const uint Refused = uint.MaxValue;

    // struct bpf_sk_lookup. The local port is in host order, addresses are in network order.
    private const short Family = 8;
    private const short Protocol = 12;
    private const short LocalIPv4 = 40;
    private const short LocalIPv6 = 44;
    private const short LocalPort = 60;

    private const int ProtocolUdp = 17;
    private const int HelperLookupElement = 1;
    private const int HelperRelease = 86;
    private const int HelperAssign = 124;
    private const int VerdictDrop = 0;
    private const int VerdictPass = 1;
    private const short KeyOnStack = -4;

    private const string Pass = nameof(Pass);
    private const string Drop = nameof(Drop);

    /// <summary>Writes the program.</summary>
    /// <param name="address">The device's local address; any address of its family when unspecified.</param>
    /// <param name="ports">Descriptor of the map from local port to shard + 1, <see cref="Closed"/> or <see cref="Refused"/>.</param>
    /// <param name="sockets">Descriptor of the map from shard to socket.</param>
    internal static ulong[] Write(IPAddress address, uint ports, uint sockets)
    {
        var code = new BpfAssembler();
        code.Move(R6, R1);
        code.Load(R2, R6, Protocol);
        code.JumpUnless(R2, ProtocolUdp, Pass);
        MatchAddress(code, address);

        code.Load(R2, R6, LocalPort);
        LookUp(code, ports);
        code.JumpIfNull(R0, Pass);
        code.Load(R2, R0, 0);
        code.JumpIf(R2, unchecked((int)Closed), Pass);
        code.JumpIf(R2, unchecked((int)Refused), Drop);

        code.Increase(R2, -1);
        LookUp(code, sockets);
        code.JumpIfNull(R0, Pass);
        code.Move(R7, R0);
        code.Move(R1, R6);
        code.Move(R2, R7);
        code.Move(R3, 0);
        code.Call(HelperAssign);
        code.Move(R1, R7);
        code.Call(HelperRelease);

        code.Label(Pass);
        code.Return(VerdictPass);
        code.Label(Drop);
        code.Return(VerdictDrop);
        return code.Build();
    }

    private static void MatchAddress(BpfAssembler code, IPAddress address)
    {
        var isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        code.Load(R2, R6, Family);
        code.JumpUnless(R2, isIPv4 ? LibC.AddressFamilyIPv4 : LibC.AddressFamilyIPv6, Pass);
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            return;
        }

        // Words as they lie in memory, on both sides.
        var words = MemoryMarshal.Cast<byte, int>(address.GetAddressBytes().AsSpan());
        for (var i = 0; i < words.Length; i++)
        {
            code.Load(R2, R6, (short)((isIPv4 ? LocalIPv4 : LocalIPv6) + (i * sizeof(int))));
            code.JumpUnless(R2, words[i], Pass);
        }
    }

    // R0 = entry of the map whose key is in R2, or null.
    private static void LookUp(BpfAssembler code, uint map)
    {
        code.Store(Frame, KeyOnStack, R2);
        code.LoadMap(R1, map);
        code.Move(R2, Frame);
        code.Increase(R2, KeyOnStack);
        code.Call(HelperLookupElement);
    }
}
