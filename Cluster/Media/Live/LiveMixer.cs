using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Rtp;

namespace Talreg.Media.Live;

/// <summary>
/// Makes a call audible while it lasts: packets in as they come, 16-bit stereo at 8000 Hz out, a fixed time behind. Even streams
/// are heard left, odd ones right. G.711 only (payload types 0 and 8, RFC 3551 §6); all else is silence. One thread.
/// </summary>
/// <remarks>
/// For a supervisor's ear, not for evidence: a packet lies at its stream's first arrival plus its timestamp, and where that is more than
/// 60 ms from its own arrival, at that arrival. Nothing is corrected afterwards; what comes too late is left out.
/// </remarks>
public sealed class LiveMixer(long startNs)
{
    /// <summary>How far behind the clock a sample is given: what jitter may take up.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(120);

    /// <summary>The most streams that are heard.</summary>
    public const int MaxStreams = 64;

    /// <summary>Bytes of one sample of both sides.</summary>
    public const int FrameBytes = 4;

    /// <summary>Bytes of the WAV header that <see cref="WriteHeader"/> writes.</summary>
    public const int HeaderBytes = 44;

    private const int SampleRate = 8000;
    private const int NanosecondsPerSample = 1_000_000_000 / SampleRate;
    private const int RingSamples = 16_384;
    private const int FarSamples = SampleRate * 60 / 1000;
    private const int MostBehindSamples = SampleRate;

    private readonly short[][] _sides = [new short[RingSamples], new short[RingSamples]];
    private readonly Lane?[] _lanes = new Lane?[MaxStreams];
    private readonly long _delaySamples = (long)(Delay.TotalSeconds * SampleRate);
    private long _position;

    /// <summary>Packets that were not heard: too late, too far ahead, or of a codec that is not decoded here.</summary>
    public long Unheard { get; private set; }

    /// <summary>The header of a stereo WAV whose length nobody knows: both sizes are the largest a reader can be told.</summary>
    public static void WriteHeader(Span<byte> header)
    {
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], uint.MaxValue);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], SampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], SampleRate * FrameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], FrameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], uint.MaxValue);
    }

    /// <summary>Places a packet.</summary>
    /// <param name="stream">0-based index of its stream.</param>
    /// <param name="arrivalNs">Arrival, on the clock of the start.</param>
    /// <param name="packet">RTP as received; not kept.</param>
    public void Add(int stream, long arrivalNs, ReadOnlySpan<byte> packet)
    {
        if ((uint)stream >= MaxStreams
            || !RtpPacketView.TryParse(packet, out var rtp, out _)
            || rtp.PayloadType is not (0 or 8))
        {
            Unheard++;
            return;
        }

        var arrival = (arrivalNs - startNs) / NanosecondsPerSample;
        var lane = _lanes[stream] ??= new Lane();
        var at = lane.Place(rtp.Ssrc, rtp.Timestamp, arrival);
        if (at < _position || at + rtp.Payload.Length > _position + RingSamples)
        {
            Unheard++;
            return;
        }

        var side = _sides[stream & 1];
        var aLaw = rtp.PayloadType == 8;
        foreach (var value in rtp.Payload)
        {
            ref var sample = ref side[at++ & (RingSamples - 1)];
            var heard = aLaw ? G711ALaw.Decode(value) : G711MuLaw.Decode(value);
            sample = (short)Math.Clamp(sample + heard, short.MinValue, short.MaxValue);
        }
    }

    /// <summary>Gives what is due, oldest first. A reader who was away too long goes on near the clock.</summary>
    /// <param name="nowNs">The clock.</param>
    /// <param name="pcm">Room for whole frames.</param>
    /// <returns>Bytes written; 0 when nothing is due.</returns>
    public int Read(long nowNs, Span<byte> pcm)
    {
        var due = ((nowNs - startNs) / NanosecondsPerSample) - _delaySamples;
        if (due - _position > MostBehindSamples)
        {
            _position = due - (SampleRate / 50);
            Array.Clear(_sides[0]);
            Array.Clear(_sides[1]);
        }

        var frames = (int)Math.Clamp(due - _position, 0, pcm.Length / FrameBytes);
        for (var i = 0; i < frames; i++, _position++)
        {
            var at = (int)(_position & (RingSamples - 1));
            BinaryPrimitives.WriteInt16LittleEndian(pcm[(i * FrameBytes)..], _sides[0][at]);
            BinaryPrimitives.WriteInt16LittleEndian(pcm[((i * FrameBytes) + 2)..], _sides[1][at]);
            _sides[0][at] = 0;
            _sides[1][at] = 0;
        }

        return frames * FrameBytes;
    }

    private sealed class Lane
    {
        private uint _ssrc;
        private uint _timestamp;
        private long _at;
        private bool _anchored;

        public long Place(uint ssrc, uint timestamp, long arrival)
        {
            var at = _at + (int)(timestamp - _timestamp);
            if (!_anchored || ssrc != _ssrc || Math.Abs(at - arrival) > FarSamples)
            {
                (_ssrc, _timestamp, _at, _anchored) = (ssrc, timestamp, arrival, true);
                return arrival;
            }

            return at;
        }
    }
}
