using Talreg.Capture.PreBuffer;
using Talreg.Capture.Rtp;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;
using Talreg.Hardware.Ports;

namespace Talreg.Capture.Streams;

/// <summary>
/// One stream of a take: its source, its sequence numbers, its open chunk. Everything happens on the shard's thread, except
/// <see cref="Snapshot"/>.
/// </summary>
internal sealed partial class CaptureStream
{
    /// <summary>The most SSRCs of one stream; packets of a further one count as foreign.</summary>
    internal const int MaxSources = 16;

    private const long SilenceNs = 2_000_000_000;
    private const long SlotNs = 1_000_000_000;

    private readonly CaptureTake _take;
    private readonly CaptureShard _shard;
    private readonly ushort _index;
    private readonly ChunkBuilder _chunk;

    // Kept here because each packet asks: what a packet touches is cold, with thousands of streams between two of its own.
    private readonly long _startNs;
    private readonly GapList _gaps = new();
    private readonly SequenceTracker?[] _trackers = new SequenceTracker?[MaxSources];
    private SequenceTracker? _current;
    private StreamCounters _counters;
    private StreamPlan _plan;
    private SourceAddress _source;
    private bool _latched;
    private long _sourceNs;
    private bool _recording;
    private long _recordFromNs;
    private long _storedNs;
    private long _kernelPending;
    private long _ownPending;
    private long _suppressedPending;

    internal CaptureStream(CaptureTake take, CaptureShard shard, ushort index, StreamPlan plan, PortPair ports)
    {
        _take = take;
        _shard = shard;
        _index = index;
        _plan = plan;
        Ports = ports;
        _chunk = new ChunkBuilder(shard.Buffers);
        _trackers[0] = new SequenceTracker();
        _startNs = take.Log.StartMonotonicNs;
        _recordFromNs = _startNs;
        _storedNs = _recordFromNs;
        SetMedia(plan);
    }

    internal PortPair Ports { get; }

    internal StreamPlan Plan => Volatile.Read(ref _plan);

    /// <summary>Place in the shard's list; -1 while not in it.</summary>
    internal int Place { get; set; } = -1;

    /// <summary>Takes in datagrams of one of its ports.</summary>
    /// <returns>How many were stored the short way: for the caller to count, who has the shard at hand.</returns>
    internal int Receive(ReadOnlySpan<Datagram> datagrams, long realTimeOffsetNs)
    {
        var stored = 0;
        BeginChange();
        foreach (ref readonly var datagram in datagrams)
        {
            if (_run.TryAppend(datagram, realTimeOffsetNs))
            {
                stored++;
                continue;
            }

            EndRun();
            if (_srtp is null)
            {
                Receive(datagram, realTimeOffsetNs);
            }
            else
            {
                ReceiveProtected(datagram, realTimeOffsetNs);
            }
        }

        EndChange();
        return stored;
    }

    /// <summary>Recording goes on or off, or the plan changes; in force on return.</summary>
    internal void Set(StreamPlan plan, bool takeRecords, long nowNs)
    {
        BeginChange();
        EndRun();
        if (_kept is not null && !takeRecords && plan.Recorded != _plan.Recorded)
        {
            // A hold: nothing from before it, or within it, may come into the take by a later start.
            EvictBefore(long.MaxValue);
            _keptFromNs = nowNs;
        }

        Volatile.Write(ref _plan, plan);
        SetMedia(plan);
        var recording = takeRecords && plan.Recorded;
        if (recording && !_recording)
        {
            // Without a pre-buffer, what arrived before and waits in the kernel still belongs to the pause.
            var fromNs = _kept is null ? nowNs : RecordFromKept(nowNs);
            if (fromNs > _recordFromNs)
            {
                _gaps.Add(GapReason.Paused, _recordFromNs, fromNs, 0);
            }

            _recordFromNs = fromNs;
        }
        else if (!recording && _recording)
        {
            FinishKept(abandon: true, nowNs);
            TryClose();
            _recordFromNs = nowNs;
            _gaps.Add(GapReason.Paused, nowNs, nowNs, 0);
        }

        _recording = recording;
        EndChange();
    }

    /// <summary>The stream joins: recording from the take's start, or off until told.</summary>
    internal void Begin(bool takeRecords, long nowNs)
    {
        _recording = takeRecords && _plan.Recorded;
        if (!_recording)
        {
            _recordFromNs = nowNs;
            _gaps.Add(GapReason.Paused, nowNs, nowNs, 0);
        }
    }

    internal void OnKernelDrops(long count, bool shared)
    {
        BeginChange();
        EndRun();
        _counters.KernelDrops += count;
        _counters.KernelDropsShared |= shared;
        _kernelPending += count;
        EndChange();
    }

    internal void OnPortFailed(int error)
    {
        BeginChange();
        _counters.PortError = error;
        EndChange();
    }

    /// <summary>Closes the chunk if its time has come.</summary>
    /// <returns>False when the journal refuses it: to be tried again.</returns>
    internal bool CloseDue(long nowNs)
    {
        if (!_chunk.IsDue(nowNs))
        {
            return true;
        }

        BeginChange();
        EndRun();
        var closed = TryClose();
        EndChange();
        return closed;
    }

    /// <summary>Hands over what is open.</summary>
    /// <param name="abandon">True: what the journal refuses is given up and counted.</param>
    /// <param name="nowNs">Monotonic time.</param>
    /// <returns>True when nothing is open any more.</returns>
    internal bool Finish(bool abandon, long nowNs)
    {
        BeginChange();
        EndRun();
        var done = FinishKept(abandon, nowNs) && TryClose();
        JudgeRest();
        if (!done && abandon)
        {
            _shard.Totals.Stored -= _chunk.Packets;
            Drop(_chunk.Packets, nowNs);
            _chunk.Clear();
            done = true;
        }

        EndChange();
        return done;
    }

    private void Receive(in Datagram datagram, long realTimeOffsetNs)
    {
        var packet = datagram.Bytes;
        var kind = IsSet(datagram.Flags, DatagramFlags.Truncated) ? PacketKind.Invalid : RtpPacket.Classify(packet);
        if (kind == PacketKind.Invalid || !Fits(datagram))
        {
            _counters.Invalid++;
            _shard.Totals.Invalid++;
            return;
        }

        var rtp = kind == PacketKind.Rtp;
        var own = IsOwn(rtp, datagram);
        if (own)
        {
            _counters.LastPacketNs = Math.Max(_counters.LastPacketNs, datagram.ArrivalNs);
            NoteOwn(rtp, datagram);
        }

        if (_digitsOff && rtp && CarriesDigit(packet))
        {
            SuppressDigit(own, datagram.ArrivalNs);
            return;
        }

        if (_take.Taps.Length != 0 && rtp && own && _recording && datagram.ArrivalNs >= _recordFromNs)
        {
            OfferToTaps(datagram);
        }

        if (_kept is not null || !_recording || datagram.ArrivalNs < _recordFromNs)
        {
            Defer(new KeptPacket(datagram, realTimeOffsetNs, rtp, own));
            return;
        }

        StoreOrDrop(datagram, realTimeOffsetNs, rtp, own);
    }

    private void OfferToTaps(in Datagram datagram)
    {
        foreach (var tap in _take.Taps)
        {
            _shard.Totals.TapDrops += tap.TryOffer(_index, datagram) ? 0 : 1;
        }
    }

    private void StoreOrDrop(in Datagram datagram, long realTimeOffsetNs, bool rtp, bool own)
    {
        if (!TryTakeIn(datagram, realTimeOffsetNs, rtp, own))
        {
            Drop(1, datagram.ArrivalNs);
        }
    }

    private bool TryTakeIn(in Datagram datagram, long realTimeOffsetNs, bool rtp, bool own)
    {
        var tracker = rtp && own ? TrackerOf(RtpPacket.Ssrc(datagram.Bytes)) : null;
        own &= !rtp || tracker is not null;
        var flags = (rtp ? FrameFlags.None : FrameFlags.Rtcp)
            | (own ? FrameFlags.None : FrameFlags.Foreign)
            | (IsSet(datagram.Flags, DatagramFlags.EstimatedArrival) ? FrameFlags.EstimatedArrival : FrameFlags.None);
        if (!TryStore(flags, datagram))
        {
            return false;
        }

        CountStored(tracker, rtp, own, datagram, realTimeOffsetNs);
        return true;
    }

    // Enum.HasFlag boxes until the method is optimised.
    private static bool IsSet(DatagramFlags flags, DatagramFlags flag) => (flags & flag) != DatagramFlags.None;

    // A frame with its source must fit an empty chunk.
    private static bool Fits(in Datagram datagram) =>
        datagram.Length <= ChunkHeader.MaxPlainText - FrameWriter.HeaderSize - FrameWriter.MaxSourceFrame;

    // The first valid RTP packet decides whose stream it is. Another address may take over only when the first has been
    // silent, as after a failover of the sender; until then it is foreign.
    private bool IsOwn(bool rtp, in Datagram datagram)
    {
        if (!rtp)
        {
            return !_latched || _source.HasSameAddress(datagram.Source);
        }

        if (!_latched)
        {
            _latched = true;
            _source = datagram.Source;
        }
        else if (_source != datagram.Source)
        {
            if (datagram.ArrivalNs - _sourceNs <= SilenceNs)
            {
                return false;
            }

            _source = datagram.Source;
            _counters.SourceChanges++;
        }

        _sourceNs = Math.Max(_sourceNs, datagram.ArrivalNs);
        return true;
    }

    private SequenceTracker? TrackerOf(uint ssrc)
    {
        if (_current is not null && _current.Ssrc == ssrc)
        {
            return _current;
        }

        for (var i = 0; i < MaxSources; i++)
        {
            var tracker = _trackers[i];
            if (tracker is null || (i == 0 && _current is null))
            {
                tracker ??= _trackers[i] = new SequenceTracker();
                tracker.Begin(ssrc);
                return tracker;
            }

            if (tracker.Ssrc == ssrc)
            {
                return tracker;
            }
        }

        return null;
    }

    private bool TryStore(FrameFlags flags, in Datagram datagram)
    {
        var slot = (uint)Math.Max(0, (datagram.ArrivalNs - _startNs) / SlotNs);
        var opens = _chunk.IsEmpty;
        if (!_chunk.TryAdd(slot, flags, datagram))
        {
            if (!TryClose() || !_chunk.TryAdd(slot, flags, datagram))
            {
                return false;
            }

            opens = true;
        }

        if (opens)
        {
            _shard.CloseLater(this, datagram.ArrivalNs + ChunkBuilder.MaxSpanNs);
        }

        return true;
    }

    private void CountStored(
        SequenceTracker? tracker, bool rtp, bool own, in Datagram datagram, long realTimeOffsetNs)
    {
        _shard.Totals.Stored++;
        var unixNs = datagram.ArrivalNs + realTimeOffsetNs;
        _counters.FirstUnixNs = _counters.FirstUnixNs == 0 ? unixNs : Math.Min(_counters.FirstUnixNs, unixNs);
        _counters.LastUnixNs = Math.Max(_counters.LastUnixNs, unixNs);
        if (!own)
        {
            _counters.Foreign++;
        }
        else if (!rtp)
        {
            _counters.Rtcp++;
        }
        else
        {
            _counters.Packets++;
            CountSequence(tracker!, datagram);
        }
    }

    private void CountSequence(SequenceTracker tracker, in Datagram datagram)
    {
        if (tracker != _current)
        {
            _counters.SsrcChanges += _current is null ? 0 : 1;
            _current = tracker;
        }

        var lostBefore = tracker.Lost;
        var verdict = tracker.Add(RtpPacket.Sequence(datagram.Bytes), out var extended, out var skipped);
        _counters.Lost += tracker.Lost - lostBefore;
        if (verdict == SequenceVerdict.Duplicate)
        {
            _counters.Duplicates++;
            return;
        }

        if (verdict == SequenceVerdict.Late)
        {
            _counters.Late++;
            _gaps.Fill(tracker.Ssrc, extended);
            return;
        }

        if (skipped > 0)
        {
            Explain(tracker.Ssrc, extended, skipped, datagram.ArrivalNs);
        }

        Judge(tracker, extended, skipped, paused: _suppressedPending > 0);
        _ownPending = 0;
        _suppressedPending = 0;
        _kernelPending = 0;
        _storedNs = datagram.ArrivalNs;
        BeginRun(datagram);
    }

    // What we did ourselves is declared already; then what the kernel says it dropped; the network had the rest.
    private void Explain(uint ssrc, long extended, long skipped, long arrivalNs)
    {
        var missing = skipped - Math.Min(skipped, _ownPending);
        var paused = Math.Min(missing, _suppressedPending);
        _counters.LostWhilePaused += paused;
        missing -= paused;
        var kernel = Math.Min(missing, _kernelPending);
        var first = extended - skipped;
        if (kernel > 0)
        {
            _gaps.Add(GapReason.Kernel, _storedNs, arrivalNs, kernel, ssrc, first, extended - 1);
        }

        if (missing > kernel)
        {
            _gaps.Add(GapReason.Network, _storedNs, arrivalNs, missing - kernel, ssrc, first, extended - 1);
        }
    }

    private void Suppress(bool ownRtp, long arrivalNs)
    {
        _counters.Suppressed++;
        _shard.Totals.Suppressed++;
        _suppressedPending += ownRtp ? 1 : 0;
        _gaps.Add(GapReason.Paused, Math.Min(arrivalNs, _recordFromNs), arrivalNs, 1);
    }

    private void Drop(long packets, long nowNs)
    {
        _counters.OwnDrops += packets;
        _shard.Totals.OwnDrops += packets;
        _ownPending += packets;
        _gaps.Add(GapReason.Overload, nowNs, nowNs, packets);
    }

    private bool TryClose()
    {
        if (_chunk.IsEmpty)
        {
            return true;
        }

        if (!_shard.TryAppend(_take.Log, _chunk.Facts(_index, _take.Flags, _shard.Clock), _chunk.PlainText))
        {
            return false;
        }

        _chunk.Clear();
        return true;
    }

    // Only the shard's thread writes: odd before the change is seen, even after all of it.
    private void BeginChange()
    {
        _run.Version++;
        Volatile.WriteBarrier();
    }

    private void EndChange() => Volatile.Write(ref _run.Version, _run.Version + 1);
}
