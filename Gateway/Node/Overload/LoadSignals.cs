using Talreg.Capture;

namespace Talreg.Gateway.Overload;

/// <summary>The busiest receive thread's share of a core.</summary>
internal sealed class CoreSignal(CaptureEngine capture) : ILoadSignal
{
    /// <inheritdoc />
    public string Resource => "core";

    /// <inheritdoc />
    public double ShedAt => 0.70;

    /// <inheritdoc />
    public double RefuseAt => 0.75;

    /// <inheritdoc />
    public double Read() => capture.CoreUse;
}

/// <summary>The fullest way into the journal.</summary>
internal sealed class RingSignal(CaptureEngine capture) : ILoadSignal
{
    /// <inheritdoc />
    public string Resource => "ring";

    /// <inheritdoc />
    public double ShedAt => 0.15;

    /// <inheritdoc />
    public double RefuseAt => 0.25;

    /// <inheritdoc />
    public double Read() => capture.RingUse;
}
