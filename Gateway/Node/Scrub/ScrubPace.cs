using Talreg.Store.Recordings;

namespace Talreg.Gateway.Scrub;

/// <summary>The scrub's speed: bounded, and nothing while it is paused. The reading thread's.</summary>
internal sealed class ScrubPace(
    long bytesPerSecond, TimeProvider clock, ManualResetEventSlim running, CancellationToken cancellationToken)
    : IReadPace
{
    private readonly ReadPace _pace = new(bytesPerSecond, clock, cancellationToken);

    /// <summary>Bytes read so far.</summary>
    public long Spent { get; private set; }

    /// <inheritdoc />
    public void Spend(int bytes)
    {
        Spent += bytes;
        running.Wait(cancellationToken);
        _pace.Spend(bytes);
    }
}
