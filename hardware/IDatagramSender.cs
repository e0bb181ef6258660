using Talreg.Hardware.Ports;

namespace Talreg.Hardware;

/// <summary>
/// A capture device that can also send from the ports it has open: what a recorder owes its peer are reports (RTCP), never
/// media. A device without a way back does not implement it.
/// </summary>
public interface IDatagramSender
{
    /// <summary>Sends one datagram. Any thread; neither waits nor allocates.</summary>
    /// <param name="pair">An open pair.</param>
    /// <param name="fromRtcp">True sends from its RTCP port, false from its RTP port.</param>
    /// <param name="datagram">The payload; not kept.</param>
    /// <param name="destination">Where to, in the device's address family.</param>
    /// <returns>0, or the errno with which it was not sent; EBADF where the pair is not open, or not held as a socket.</returns>
    int Send(PortPair pair, bool fromRtcp, ReadOnlySpan<byte> datagram, SourceAddress destination);
}
