using Microsoft.Extensions.Logging;
using Talreg.Contracts.Gateways;
using Talreg.Hardware.Link;

namespace Talreg.Gateway.Ownership;

/// <summary>
/// Holds an interface's address while this gateway owns it. Called with each beat, on the heartbeats' thread, so that
/// an address is renewed by a process that lives, and goes by itself with one that does not.
/// </summary>
internal sealed class AddressHolder(ILinkAddress address, string @interface, ILogger logger)
{
    /// <summary>The kernel drops an address that was not renewed for so long.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromSeconds(2);

    /// <summary>Between two renewals.</summary>
    public static readonly TimeSpan Renew = TimeSpan.FromMilliseconds(500);

    /// <summary>So often a new owner tells the network, a renewal apart: an announcement may be lost.</summary>
    public const int Announcements = 3;

    private bool _isHeld;
    private bool _hasFailed;
    private int _announced;
    private TimeSpan _renewedAt;

    /// <summary>Takes, renews or gives up the address as the gateway's role wants it.</summary>
    public void Update(OwnershipState state, TimeSpan now)
    {
        // An owner that does not know whether it still is one keeps what audio comes, and renews nothing.
        var owns = state.Role == GatewayRole.Owner;
        var isDue = owns ? state.IsProved && (!_isHeld || now - _renewedAt >= Renew) : _isHeld;
        if (!isDue)
        {
            return;
        }

        try
        {
            if (owns)
            {
                Hold(now);
            }
            else
            {
                _isHeld = false;
                address.Release();
            }

            _hasFailed = false;
        }
        catch (IOException e)
        {
            // Once, and not at each renewal; the next beat tries again.
            if (!_hasFailed)
            {
                logger.AddressFailed(@interface, $"{address}", e);
            }

            _hasFailed = true;
        }
    }

    private void Hold(TimeSpan now)
    {
        _announced = _isHeld ? _announced : 0;
        _renewedAt = now;
        address.Hold(ValidFor);
        _isHeld = true;
        if (_announced < Announcements)
        {
            _announced++;
            address.Announce();
        }
    }
}
