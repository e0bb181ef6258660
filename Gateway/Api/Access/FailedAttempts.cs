using System.Net;

namespace Talreg.Api.Access;

/// <summary>Counts wrong tokens per address. An address with too many gets no further answer for the rest of a minute.</summary>
/// <remarks>
/// A blocked address's right token is refused as well: else the block would tell right from wrong.
/// Sessions of the page go on. Thread-safe.
/// </remarks>
internal sealed class FailedAttempts(TimeProvider time)
{
    public const int MaxAddresses = 4096;
    public const int MaxPerWindow = 10;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Entry> _entries = [];

    /// <summary>How long this address must still wait; null when it may try.</summary>
    public TimeSpan? BlockedFor(IPAddress? address)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (!_entries.TryGetValue(Network(address), out var entry) || entry.Count < MaxPerWindow)
            {
                return null;
            }

            var left = entry.Since + Window - now;
            return left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>Counts a wrong token.</summary>
    /// <returns>True when it was the one that blocks the address.</returns>
    public bool Add(IPAddress? address)
    {
        var network = Network(address);
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (!_entries.TryGetValue(network, out var entry) || entry.Since + Window <= now)
            {
                MakeRoom(now);
                entry = new Entry(now, 0);
            }

            entry = entry with { Count = entry.Count + 1 };
            _entries[network] = entry;
            return entry.Count == MaxPerWindow;
        }
    }

    /// <summary>An IPv6 caller owns a /64, so that is what is counted.</summary>
    private static IPAddress Network(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        if (bytes.Length == 16 && !IPAddress.IsLoopback(address))
        {
            bytes.AsSpan(8).Clear();
        }

        return new IPAddress(bytes);
    }

    private void MakeRoom(DateTimeOffset now)
    {
        if (_entries.Count < MaxAddresses)
        {
            return;
        }

        var oldest = IPAddress.None;
        var since = DateTimeOffset.MaxValue;
        foreach (var (address, entry) in _entries)
        {
            if (entry.Since + Window <= now)
            {
                _entries.Remove(address);
            }
            else if (entry.Since < since)
            {
                (oldest, since) = (address, entry.Since);
            }
        }

        if (_entries.Count >= MaxAddresses)
        {
            _entries.Remove(oldest);
        }
    }

    private readonly record struct Entry(DateTimeOffset Since, int Count);
}
