using System.Runtime.InteropServices;
using Talreg.Media.Codecs;

namespace Talreg.Media.Timeline;

/// <summary>A run of audio at its place: part of one packet's payload. A tick is 125 µs.</summary>
/// <param name="Start">First tick, counted from the take's start.</param>
/// <param name="Count">Number of ticks, at least 1.</param>
/// <param name="Skip">Ticks of the payload left out at its head.</param>
/// <param name="Codec">Decodes the payload.</param>
/// <param name="Payload">The RTP payload, by reference.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Segment(
    long Start, int Count, int Skip, AudioCodec Codec, ReadOnlyMemory<byte> Payload)
{
    public long End => Start + Count;
}
