using Microsoft.Extensions.Logging.Abstractions;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Ownership;
using Talreg.Hardware.Link;

namespace Talreg.Gateway.Tests.Ownership;

/// <summary>When an interface's address is taken, renewed, announced and given up.</summary>
public sealed class AddressHolderTests
{
    private readonly NotingAddress _address = new();
    private readonly AddressHolder _holder;

    public AddressHolderTests() => _holder = new AddressHolder(_address, "sip1", NullLogger.Instance);

    [Fact]
    public void Owner_takes_it_renews_it_and_announces_it_three_times()
    {
        for (var ms = 0; ms <= 2_500; ms += 100)
        {
            Update(GatewayRole.Owner, ms);
        }

        Assert.Equal(6, _address.Noted.Count(one => one == "hold 2"));
        Assert.Equal(AddressHolder.Announcements, _address.Noted.Count(one => one == "announce"));
        Assert.Equal(["hold 2", "announce"], _address.Noted.Take(2));
    }

    [Theory]
    [InlineData(GatewayRole.Stale)]
    [InlineData(GatewayRole.Withdrawn)]
    [InlineData(GatewayRole.Standby)]
    public void Owner_no_more_gives_it_up_once_and_announces_it_anew_when_it_is_back(GatewayRole role)
    {
        Update(role, 0);
        Assert.Empty(_address.Noted);
        Update(GatewayRole.Owner, 100);
        Update(role, 200);
        Update(role, 300);
        Update(GatewayRole.Owner, 400);
        Assert.Equal(["hold 2", "announce", "release", "hold 2", "announce"], _address.Noted);
    }

    [Fact]
    public void Owner_that_stood_still_neither_renews_it_nor_gives_it_up_before_it_knows()
    {
        Update(GatewayRole.Owner, 0);
        Update(GatewayRole.Owner, 5_000, isProved: false);
        Assert.Equal(2, _address.Noted.Count);
        Update(GatewayRole.Owner, 5_100);
        Assert.Equal("hold 2", _address.Noted[2]);
    }

    [Fact]
    public void What_the_system_refuses_is_tried_again_with_the_next_beat()
    {
        _address.Fails = true;
        Update(GatewayRole.Owner, 0);
        _address.Fails = false;
        Update(GatewayRole.Owner, 100);
        Assert.Equal(["hold 2", "announce"], _address.Noted);
    }

    private void Update(GatewayRole role, int ms, bool isProved = true)
    {
        var lease = new InterfaceLease("sip1", "gw1", Guid.Empty, 1);
        var at = TimeSpan.FromMilliseconds(ms);
        _holder.Update(
            new OwnershipState
            {
                Gateway = "gw1",
                Incarnation = Guid.Empty,
                Known = new InterfaceOwnership { Lease = lease },
                Role = role,
                IsProved = isProved,
                TickedAt = at,
                HeardAt = at,
            },
            at);
    }

    private sealed class NotingAddress : ILinkAddress
    {
        public List<string> Noted { get; } = [];

        public bool Fails { get; set; }

        public void Hold(TimeSpan validFor) => Note($"hold {validFor.TotalSeconds:0}");

        public void Release() => Note("release");

        public void Announce() => Note("announce");

        private void Note(string what)
        {
            if (Fails)
            {
                throw new IOException("refused");
            }

            Noted.Add(what);
        }
    }
}
