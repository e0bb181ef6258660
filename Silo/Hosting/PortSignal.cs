using Talreg.Gateway.Overload;
using Talreg.Hardware.Udp;

namespace Talreg.Silo.Hosting;

/// <summary>
/// Media ports in use or cooling down. With none left a call would be admitted only to end as failed: under a flood of INVITEs
/// that costs the cluster more than the flood itself.
/// </summary>
internal sealed class PortSignal(UdpDevice device, int pairs) : ILoadSignal
{
    /// <inheritdoc />
    public string Resource => "ports";

    /// <inheritdoc />
    public double ShedAt => 2;

    /// <inheritdoc />
    public double RefuseAt => 1;

    /// <inheritdoc />
    public double Read() => 1 - ((double)device.FreePairs / pairs);
}
