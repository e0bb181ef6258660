using System.Runtime.InteropServices;
using Talreg.Capture.Rtp;
using Talreg.Capture.Srtp;
using Talreg.Hardware;

namespace Talreg.Capture.Streams;

/// <summary>What the plan says of a stream's packets: how they are protected, and which of them are keys pressed.</summary>
internal sealed partial class CaptureStream : IDisposable
{
    private SrtpReceiver? _srtp;
    private UInt128 _eventTypes;
    private UInt128 _redundantTypes;
    private bool _digitsOff;

    /// <summary>Telephone events are stored, or not; in force on return. Shard thread.</summary>
    internal void SetDigits(bool stored) => _digitsOff = !stored;

    /// <summary>The stream has left its shard: its keys go. Shard thread.</summary>
    public void Dispose() => ForgetKeys();

    private void ForgetKeys()
    {
        _srtp?.Dispose();
        _srtp = null;
    }

    private void SetMedia(StreamPlan plan)
    {
        _eventTypes = TypesOf(plan.TelephoneEvents);
        _redundantTypes = TypesOf(plan.Redundant);

        if (plan.Crypto is not { } keys)
        {
            ForgetKeys();
        }
        else if (_srtp is null)
        {
            _srtp = new SrtpReceiver(keys);
        }
        else
        {
            _srtp.Rekey(keys);
        }
    }

    private static UInt128 TypesOf(IReadOnlyList<int> types)
    {
        var set = UInt128.Zero;
        foreach (var type in types)
        {
            set |= UInt128.One << (type & 0x7F);
        }

        return set;
    }

    private static bool IsIn(UInt128 types, byte type) => (types >> (type & 0x7F) & UInt128.One) != UInt128.Zero;

    private bool IsDigit(ReadOnlySpan<byte> packet) => IsIn(_eventTypes, packet[1]);

    // A redundant packet that repeats an event among others, or that cannot be read, may not be stored either.
    private bool CarriesDigit(ReadOnlySpan<byte> packet) =>
        IsDigit(packet) || (IsIn(_redundantTypes, packet[1]) && RedundantCarriesDigit(packet));

    // Headers of four bytes {F=1, type, offset, length}, ended by one byte {F=0, type} (RFC 2198 §3).
    private bool RedundantCarriesDigit(ReadOnlySpan<byte> packet)
    {
        var at = RtpPacket.PayloadOffset(packet);
        while (at < packet.Length)
        {
            if (IsIn(_eventTypes, packet[at]))
            {
                return true;
            }

            if ((packet[at] & 0x80) == 0)
            {
                return false;
            }

            at += 4;
        }

        return true;
    }

    // Of another source too: nobody knows whose keys they are. Its numbers are not the stream's.
    private void SuppressDigit(bool own, long arrivalNs)
    {
        _counters.Digits++;
        _counters.Suppressed++;
        _shard.Totals.Suppressed++;
        if (own)
        {
            _suppressedPending++;
            _gaps.Add(GapReason.Paused, arrivalNs, arrivalNs, 1);
        }
    }

    // The device's memory is not ours to write: a packet is copied, opened there, and goes on as if it had come in clear.
    private void ReceiveProtected(in Datagram datagram, long realTimeOffsetNs)
    {
        var workspace = _shard.Srtp;
        var kind = IsSet(datagram.Flags, DatagramFlags.Truncated) || datagram.Length > workspace.MaxPacket
            ? PacketKind.Invalid
            : RtpPacket.Classify(datagram.Bytes);
        if (kind == PacketKind.Invalid)
        {
            _counters.Invalid++;
            _shard.Totals.Invalid++;
            return;
        }

        datagram.Bytes.CopyTo(workspace.Packet);
        var packet = workspace.Packet.AsSpan(0, datagram.Length);
        var verdict = kind == PacketKind.Rtp
            ? _srtp!.Open(packet, datagram.ArrivalNs, workspace, out var length)
            : _srtp!.OpenRtcp(packet, datagram.ArrivalNs, workspace, out length);
        if (verdict != SrtpVerdict.Authentic)
        {
            var replayed = verdict is SrtpVerdict.Replayed or SrtpVerdict.TooOld;
            _counters.Replayed += replayed ? 1 : 0;
            _counters.Unauthenticated += replayed ? 0 : 1;
            _shard.Totals.Invalid++;
            return;
        }

        var opened = new Datagram(
            Marshal.UnsafeAddrOfPinnedArrayElement(workspace.Packet, 0),
            length,
            datagram.LocalPort,
            datagram.ArrivalNs,
            datagram.Source,
            datagram.Flags);
        Receive(opened, realTimeOffsetNs);
    }
}
