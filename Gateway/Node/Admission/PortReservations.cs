using Talreg.Capture;

namespace Talreg.Gateway.Admission;

/// <summary>
/// Media ports spoken for by admissions under way. Whoever could get no port is refused before the cluster is asked: to admit such
/// a call, only to end it as failed, costs state and leaves, and a flood of INVITEs would make thousands of them. Any thread.
/// </summary>
internal sealed class PortReservations(CaptureEngine capture)
{
    private int _reserved;

    /// <summary>Speaks for ports.</summary>
    /// <param name="pairs">How many the call may open; <see cref="Release"/> as many when it has them or is over.</param>
    /// <returns>False when those under way may take every free port: nothing was reserved.</returns>
    public bool TryReserve(int pairs)
    {
        if (Interlocked.Add(ref _reserved, pairs) - pairs < capture.FreePorts)
        {
            return true;
        }

        Release(pairs);
        return false;
    }

    /// <summary>Gives back what was reserved.</summary>
    public void Release(int pairs) => Interlocked.Add(ref _reserved, -pairs);
}
