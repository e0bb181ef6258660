namespace Talreg.Hardware.Pcap;

/// <summary>What is wrong with a capture file.</summary>
public enum CaptureFileFault
{
    /// <summary>Neither a pcap nor a pcapng file, or of a version nobody knows.</summary>
    UnknownFormat,

    /// <summary>It ends in the middle of a header, block or packet.</summary>
    Truncated,

    /// <summary>A length is smaller than what it must hold, larger than the bound, or contradicts another.</summary>
    BadLength,

    /// <summary>A packet names an interface that was not described.</summary>
    UnknownInterface,

    /// <summary>More interfaces in one section than are kept.</summary>
    TooManyInterfaces,

    /// <summary>A time resolution or time that does not fit 64-bit nanoseconds.</summary>
    BadTime,
}

/// <summary>A capture file that cannot be read on: what stood before was delivered.</summary>
public sealed class CaptureFileException : Exception
{
    /// <summary>Makes a refusal.</summary>
    /// <param name="fault">What is wrong.</param>
    /// <param name="offset">Where in the file, in bytes.</param>
    /// <param name="detail">In words.</param>
    public CaptureFileException(CaptureFileFault fault, long offset, string detail)
        : base($"{detail} (at byte {offset})")
    {
        Fault = fault;
        Offset = offset;
    }

    /// <summary>What is wrong.</summary>
    public CaptureFileFault Fault { get; }

    /// <summary>Where in the file, in bytes.</summary>
    public long Offset { get; }
}
