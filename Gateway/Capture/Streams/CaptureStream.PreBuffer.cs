using Talreg.Capture.PreBuffer;

namespace Talreg.Capture.Streams;

/// <summary>
/// What a stream does with packets while its take waits for a start: keeps the latest in RAM, lets older ones go as
/// suppressed, and on the start puts what is kept into the take before what comes after.
/// </summary>
internal sealed partial class CaptureStream
{
    private PreBufferRing? _kept;
    private long _keptWindowNs;

    // Everything of the stream's that arrived from then on is kept.
    private long _keptFromNs;

    /// <summary>Keeps packets from now on, as many as arrived within the window.</summary>
    internal void KeepPackets(PreBufferPool? pool, long windowNs, long nowNs)
    {
        if (pool is null)
        {
            // Asked for where there is no memory for it: the call must not look as if it had been kept.
            BeginChange();
            NoteShort();
            EndChange();
            return;
        }

        EndRun();
        _kept = new PreBufferRing(pool);
        _keptWindowNs = windowNs;
        _keptFromNs = nowNs;
        _shard.Keep(this);
    }

    /// <summary>Lets go of what is kept, zeroed, and keeps nothing any more.</summary>
    internal void ForgetKept()
    {
        if (_kept is null)
        {
            return;
        }

        BeginChange();
        EvictBefore(long.MaxValue);
        _kept = null;
        EndChange();
    }

    /// <summary>
    /// A packet that does not go straight into the chunk: recording is off, or what is kept has to go in first.
    /// </summary>
    private void Defer(in KeptPacket packet)
    {
        var arrivalNs = packet.Datagram.ArrivalNs;
        if (_kept is null || (_recording ? arrivalNs < _recordFromNs : !_plan.Recorded))
        {
            Suppress(packet.Rtp && packet.Own, arrivalNs);
        }
        else if (_recording)
        {
            QueueBehindKept(packet);
        }
        else
        {
            Keep(packet);
        }
    }

    private void Keep(in KeptPacket packet)
    {
        while (PreBufferRing.Fits(packet.Datagram.Length))
        {
            if (_kept!.TryAdd(packet))
            {
                CountKept(1);
                return;
            }

            // The budget is used up: the stream lives on its own blocks, the oldest first, and keeps less than it should.
            NoteShort();
            if (!EvictOldest(long.MaxValue))
            {
                break;
            }
        }

        NoteShort();
        _keptFromNs = Math.Max(_keptFromNs, packet.Datagram.ArrivalNs + 1);
        Suppress(packet.Rtp && packet.Own, packet.Datagram.ArrivalNs);
    }

    // Recording is never refused for want of pre-buffer memory: where there is none, what is kept goes into the take at once.
    private void QueueBehindKept(in KeptPacket packet)
    {
        if (PreBufferRing.Fits(packet.Datagram.Length) && _kept!.TryAdd(packet))
        {
            CountKept(1);
            return;
        }

        var room = int.MaxValue;
        if (TakeInKept(ref room))
        {
            StoreOrDrop(packet.Datagram, packet.RealTimeOffsetNs, packet.Rtp, packet.Own);
        }
        else
        {
            Drop(1, packet.Datagram.ArrivalNs);
        }
    }

    /// <summary>The start: what is kept and within the window will be stored.</summary>
    /// <returns>From when on the take has what arrived.</returns>
    private long RecordFromKept(long nowNs)
    {
        var fromNs = Math.Max(_keptFromNs, nowNs - _keptWindowNs);
        EvictBefore(fromNs);
        return fromNs;
    }

    /// <summary>Puts kept packets into the take, oldest first, each once there is room for it.</summary>
    /// <param name="allowance">How many at most; reduced by those that were taken.</param>
    /// <returns>True when none is left.</returns>
    private bool TakeInKept(ref int allowance)
    {
        while (_kept is not null && _kept.TryPeek(out var packet))
        {
            if (allowance <= 0)
            {
                return false;
            }

            if (packet.Datagram.ArrivalNs < _recordFromNs)
            {
                Suppress(packet.Rtp && packet.Own, packet.Datagram.ArrivalNs);
            }
            else if (!TryTakeIn(packet.Datagram, packet.RealTimeOffsetNs, packet.Rtp, packet.Own))
            {
                return false;
            }

            allowance--;
            CountKept(-1);
            _kept.RemoveFirst();
        }

        _kept = null;
        return true;
    }

    /// <summary>The take ends or pauses: what was to be stored is, what was only kept is forgotten.</summary>
    /// <returns>False when the journal refuses and nothing is to be given up.</returns>
    private bool FinishKept(bool abandon, long nowNs)
    {
        if (_kept is null)
        {
            return true;
        }

        var all = int.MaxValue;
        if (_recording && !TakeInKept(ref all))
        {
            if (!abandon)
            {
                return false;
            }

            Drop(_kept.Count, nowNs);
            CountKept(-_kept.Count);
            while (_kept.TryEvict(long.MaxValue, out _))
            {
            }
        }

        EvictBefore(long.MaxValue);
        _kept = null;
        return true;
    }

    /// <summary>Time has passed: what is too old goes, or what was waiting comes into the take.</summary>
    /// <returns>False when nothing is kept any more.</returns>
    internal bool TickKept(long nowNs)
    {
        if (_kept is null)
        {
            return false;
        }

        BeginChange();
        if (_recording)
        {
            TakeInKept(ref _shard.KeptAllowance);
        }
        else
        {
            EvictBefore(nowNs - _keptWindowNs);
        }

        EndChange();
        return true;
    }

    private void EvictBefore(long beforeNs)
    {
        while (EvictOldest(beforeNs))
        {
        }
    }

    private bool EvictOldest(long beforeNs)
    {
        if (_kept is null || !_kept.TryEvict(beforeNs, out var evicted))
        {
            return false;
        }

        CountKept(-evicted.Packets);
        _keptFromNs = Math.Max(_keptFromNs, evicted.LastNs + 1);
        _counters.Suppressed += evicted.Packets;
        _shard.Totals.Suppressed += evicted.Packets;
        _suppressedPending += evicted.OwnRtp;
        _gaps.Add(GapReason.Paused, Math.Min(evicted.LastNs, _recordFromNs), evicted.LastNs, evicted.Packets);
        return true;
    }

    private void CountKept(int packets)
    {
        _counters.Prebuffered += packets;
        _shard.Totals.Prebuffered += packets;
    }

    private void NoteShort()
    {
        if (!_counters.PreBufferShort)
        {
            _counters.PreBufferShort = true;
            _shard.Totals.PreBufferShort++;
        }
    }
}
