using System.Buffers.Binary;
using System.Security.Cryptography;
using Talreg.Capture.Srtp;
using Talreg.Hardware;

namespace Talreg.Capture.Rtcp;

/// <summary>
/// Our membership of one stream's RTP session: who we are in it, what was reported last, when the next report is due. The
/// reporter's thread only.
/// </summary>
/// <param name="name">Our CNAME.</param>
/// <param name="joinedNs">Monotonic time.</param>
internal sealed class ReportSession(byte[] name, long joinedNs) : IDisposable
{
    private const uint LastIndex = 0x7FFF_FFFF;

    private ReportMark[] _marks = new ReportMark[1];
    private SrtpCipher? _cipher;
    private SrtpKeys? _keys;
    private uint _nextIndex;
    private uint _ssrc = NewSsrc();

    /// <summary>When the last report was due and made; when we joined, before the first.</summary>
    internal long LastNs { get; private set; } = joinedNs;

    /// <summary>True until a report was sent.</summary>
    internal bool IsInitial { get; private set; } = true;

    /// <summary>True once the stream has ended: nothing is sent any more.</summary>
    internal bool HasLeft { get; set; }

    /// <summary>Time passes without a report.</summary>
    internal void Skip(long nowNs) => LastNs = nowNs;

    /// <summary>
    /// Where a report would go now; null for nowhere: the stream is inactive, nobody said where, or it is SRTP and we have no
    /// key of our own.
    /// </summary>
    internal static SourceAddress? Destination(StreamPlan plan, Reception heard) =>
        !plan.Recorded || (plan.Crypto is not null && plan.Reports?.Crypto is null) ? null
        : heard.ReportsFrom.Port != 0 ? heard.ReportsFrom
        : plan.Reports?.To is { Port: > 0 } to ? SourceAddress.From(to)
        : null;

    /// <summary>Writes a report.</summary>
    /// <param name="buffer">At least the writer's most and what SRTCP adds.</param>
    /// <param name="plan">What is agreed now.</param>
    /// <param name="heard">What came.</param>
    /// <param name="nowNs">Monotonic time.</param>
    /// <param name="bye">True for the last.</param>
    /// <param name="workspace">Memory for SRTCP.</param>
    /// <returns>Its length; 0 when the key is used up.</returns>
    internal int Write(
        Span<byte> buffer, StreamPlan plan, Reception heard, long nowNs, bool bye, SrtpWorkspace workspace)
    {
        // Another has our SSRC: we leave under it, and come back under a new one with the next report (RFC 3550 §8.2).
        var collides = Collides(heard);
        var writer = new ReportWriter(buffer, _ssrc);
        AddBlocks(ref writer, plan, heard, nowNs);
        writer.Finish(name, bye || collides);
        while (Collides(heard))
        {
            _ssrc = NewSsrc();
        }

        LastNs = nowNs;
        IsInitial = false;
        return Protect(buffer, writer.Length, plan.Reports?.Crypto, workspace);
    }

    /// <inheritdoc />
    public void Dispose() => _cipher?.Dispose();

    private static uint NewSsrc()
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        RandomNumberGenerator.Fill(random);
        return BinaryPrimitives.ReadUInt32LittleEndian(random);
    }

    private bool Collides(Reception heard)
    {
        foreach (ref readonly var source in heard.Sources)
        {
            if (source.Ssrc == _ssrc)
            {
                return true;
            }
        }

        return heard.ReportsFrom.Port != 0 && heard.Reporter == _ssrc;
    }

    // One for each source of which something came since the last report (RFC 3550 §6.4).
    private void AddBlocks(ref ReportWriter writer, StreamPlan plan, Reception heard, long nowNs)
    {
        var sources = heard.Sources;
        if (_marks.Length < sources.Length)
        {
            Array.Resize(ref _marks, Reception.MaxSources);
        }

        for (var i = 0; i < sources.Length; i++)
        {
            ref readonly var source = ref sources[i];
            var before = _marks[i].Restarts == source.Restarts ? _marks[i] : default;
            if (source.Received != before.Received)
            {
                writer.AddBlock(source, before, heard.Jitter.Units(source.Ssrc, plan.ClockRate), nowNs);
                _marks[i] = ReportMark.Of(source);
            }
        }
    }

    // The index goes on as long as the key does, whatever our SSRC (RFC 3711 §3.4, §9.1): no two packets share a key stream.
    private int Protect(Span<byte> buffer, int length, SrtpKeys? keys, SrtpWorkspace workspace)
    {
        if (keys is null)
        {
            return length;
        }

        if (_cipher is null || !keys.Equals(_keys))
        {
            _cipher?.Dispose();
            _cipher = SrtpCipher.Create(keys);
            _keys = keys;
            _nextIndex = 0;
        }

        return _nextIndex > LastIndex ? 0 : _cipher.SealRtcp(buffer, length, _nextIndex++, workspace);
    }
}
