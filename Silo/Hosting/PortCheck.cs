using System.Net;
using System.Net.Sockets;
using Talreg.Silo.Options;

namespace Talreg.Silo.Hosting;

/// <summary>
/// Binds the recorder's addresses for a moment, before anything else is started: an address that cannot be had is then known
/// at once and not after a silo's start. Whoever takes a port in between is refused later, by the listener itself.
/// </summary>
internal static class PortCheck
{
    /// <summary>Returns when every address can be listened on.</summary>
    /// <exception cref="StartRefusedException">One cannot; the message names the key, the address and what to do.</exception>
    public static void Require(RecorderSettings settings)
    {
        // All are held until the last is bound, so that two keys cannot name one port.
        var bound = new List<Socket>();
        try
        {
            foreach (var address in (IPEndPoint[])[settings.Sip, .. settings.SipAlso])
            {
                bound.Add(Bind(SettingKey.Sip, address, SocketType.Dgram));
                bound.Add(Bind(SettingKey.Sip, address, SocketType.Stream));
            }

            foreach (var address in settings.SipTls?.Listeners ?? [])
            {
                bound.Add(Bind(SettingKey.SipTls, address, SocketType.Stream));
            }

            bound.Add(Bind(SettingKey.Http, settings.Http, SocketType.Stream));
        }
        finally
        {
            bound.ForEach(socket => socket.Dispose());
        }
    }

    /// <summary>Returns when a TCP address can be listened on.</summary>
    /// <exception cref="StartRefusedException">It cannot; the message names the key, the address and what to do.</exception>
    public static void RequireStream(SettingKey key, IPEndPoint address)
    {
        using var bound = Bind(key, address, SocketType.Stream);
    }

    private static Socket Bind(SettingKey key, IPEndPoint address, SocketType type)
    {
        var protocol = type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp;
        var socket = new Socket(address.AddressFamily, type, protocol);
        try
        {
            socket.Bind(address);
            if (type == SocketType.Stream)
            {
                // A bound TCP port is shared until somebody listens.
                socket.Listen(1);
            }

            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new StartRefusedException($"{key.Name} holds {address}, {Describe(e, protocol)}");
        }
    }

    private static string Describe(SocketException e, ProtocolType protocol) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"whose {protocol.ToString().ToUpperInvariant()} port another program uses: stop it "
            + $"(ss -ln{(protocol == ProtocolType.Udp ? 'u' : 't')}p names it) or choose another port.",
        SocketError.AddressNotAvailable => "which is no address of this machine: ip address lists them.",
        SocketError.AccessDenied => "whose port this user may not listen on: choose one from 1024 up.",
        _ => $"which cannot be listened on: {e.Message}.",
    };
}
