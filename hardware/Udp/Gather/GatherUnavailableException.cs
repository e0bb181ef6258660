namespace Talreg.Hardware.Udp.Gather;

/// <summary>Why ports cannot be gathered. The words are those of a metric's label, in lower case.</summary>
public enum GatherRefusal
{
    /// <summary>They can.</summary>
    None,

    /// <summary>The process lacks CAP_BPF or CAP_NET_ADMIN.</summary>
    Capability,

    /// <summary>The kernel is older than Linux 5.9, or built without it.</summary>
    Kernel,

    /// <summary>The capabilities are there and the kernel refuses all the same: user namespace, lockdown, seccomp.</summary>
    Refused,

    /// <summary>The system gives no socket or no memory.</summary>
    Resources,
}

/// <summary>Ports cannot be gathered by this process on this machine.</summary>
public sealed class GatherUnavailableException : Exception
{
    /// <summary>Makes a refusal.</summary>
    public GatherUnavailableException(GatherRefusal refusal, string message, Exception? inner = null)
        : base(message, inner) => Refusal = refusal;

    /// <summary>Why.</summary>
    public GatherRefusal Refusal { get; }
}
