namespace Talreg.Grains.Interfaces;

/// <summary>
/// The keys with which the members of an interface authenticate their heartbeats, the same on every silo. Gateways are
/// given theirs when they join, over the cluster's TLS, and never hold the secret it comes from.
/// </summary>
public interface IHeartbeatKeys
{
    /// <summary>The key of an interface, 32 bytes. Any thread.</summary>
    /// <param name="interfaceKey">The interface grain's key, <c>{tenant}/{interface}</c>.</param>
    ReadOnlyMemory<byte> KeyOf(string interfaceKey);
}
