using Talreg.Capture.Journal;
using Talreg.Capture.Rtcp;
using Talreg.Capture.Streams;
using Talreg.Capture.Taps;
using Talreg.Evidence.Chunks;
using Talreg.Hardware.Ports;
using Talreg.Store.Journal;

namespace Talreg.Capture;

/// <summary>A live take. Its properties may be read on any thread.</summary>
public sealed class CaptureTake
{
    private CaptureStream[] _streams = [];
    private CaptureTap[] _taps = [];
    private int _recording;
    private int _closing;
    private int _digitsOff;

    internal CaptureTake(TakeIdentity identity, ITakeLog log, ChunkFlags flags, int shard, bool recording)
    {
        Identity = identity;
        Log = log;
        Flags = flags;
        Shard = shard;
        _recording = recording ? 1 : 0;
    }

    /// <summary>Which take it is.</summary>
    public TakeIdentity Identity { get; }

    /// <summary>The journal's side of it, for who writes events and seals. The engine appends and closes.</summary>
    public JournalTake Journal => Log.Volume ?? throw new InvalidOperationException("This take has no volume.");

    /// <summary>The take's start, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long StartMonotonicNs => Log.StartMonotonicNs;

    /// <summary>The ports of the streams, by index.</summary>
    public IReadOnlyList<PortPair> Ports => Array.ConvertAll(Streams, s => s.Ports);

    /// <summary>True while what arrives is stored.</summary>
    public bool Recording => Volatile.Read(ref _recording) != 0;

    /// <summary>True while telephone events are stored.</summary>
    public bool DigitsStored => Volatile.Read(ref _digitsOff) == 0;

    internal ITakeLog Log { get; }

    internal ChunkFlags Flags { get; }

    internal int Shard { get; }

    /// <summary>What our reports call us (CNAME).</summary>
    internal byte[] ReportName { get; } = RtcpReporter.NewName();

    /// <summary>Control plane only: one change of a take's streams at a time.</summary>
    internal SemaphoreSlim Changing { get; } = new(1, 1);

    internal CaptureStream[] Streams => Volatile.Read(ref _streams);

    /// <summary>How long packets are kept in RAM while the take waits for its first start; zero from then on.</summary>
    /// <remarks>Changes on the shard's thread.</remarks>
    internal long PreBufferNs { get; set; }

    /// <summary>Who listens. Replaced on the shard's thread, never changed.</summary>
    internal CaptureTap[] Taps
    {
        get => Volatile.Read(ref _taps);
        set => Volatile.Write(ref _taps, value);
    }

    internal bool IsClosing => Volatile.Read(ref _closing) != 0;

    internal void AddStream(CaptureStream stream) => Volatile.Write(ref _streams, [.. _streams, stream]);

    internal void SetRecording(bool on) => Volatile.Write(ref _recording, on ? 1 : 0);

    internal void SetDigits(bool stored) => Volatile.Write(ref _digitsOff, stored ? 0 : 1);

    internal bool TryBeginClosing() => Interlocked.Exchange(ref _closing, 1) == 0;
}
