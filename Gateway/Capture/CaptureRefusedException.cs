namespace Talreg.Capture;

/// <summary>Why capture refused.</summary>
public enum CaptureRefusal
{
    /// <summary>No ports are free.</summary>
    PortsExhausted,

    /// <summary>The system gives no more sockets, or the interface's address is gone.</summary>
    SocketsUnavailable,

    /// <summary>More streams than a take may have.</summary>
    TooManyStreams,

    /// <summary>More commands are waiting than may.</summary>
    Busy,

    /// <summary>More live taps than there may be.</summary>
    TooManyTaps,

    /// <summary>Live taps are stopped because the recorder is busy.</summary>
    TapsStopped,

    /// <summary>The take is closing or closed.</summary>
    TakeClosed,

    /// <summary>The engine is stopping.</summary>
    Stopped,
}

/// <summary>A named refusal of capture: nothing was changed. A caller answers 503 to the first six.</summary>
public sealed class CaptureRefusedException : Exception
{
    /// <summary>Makes a refusal.</summary>
    public CaptureRefusedException(CaptureRefusal refusal, string message)
        : base(message) => Refusal = refusal;

    /// <summary>Why.</summary>
    public CaptureRefusal Refusal { get; }
}
