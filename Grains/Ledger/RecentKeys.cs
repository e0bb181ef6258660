using System.Buffers.Binary;
using Talreg.Contracts.Ledger;

namespace Talreg.Grains.Ledger;

/// <summary>The receipts of the newest events by idempotency key. Lives on the grain's scheduler.</summary>
internal sealed class RecentKeys
{
    /// <summary>Events that are remembered.</summary>
    internal const int Capacity = 100_000;

    private readonly Dictionary<UInt128, LedgerReceipt> _receipts = [];
    private readonly Queue<UInt128> _order = new();

    internal bool TryGet(UInt128 key, out LedgerReceipt? receipt) => _receipts.TryGetValue(key, out receipt);

    internal void Add(UInt128 key, LedgerReceipt receipt)
    {
        if (!_receipts.TryAdd(key, receipt))
        {
            return;
        }

        _order.Enqueue(key);
        if (_order.Count > Capacity)
        {
            _receipts.Remove(_order.Dequeue());
        }
    }

    /// <summary>Half of a SHA-256 is enough to tell 100,000 keys apart, and half the memory.</summary>
    internal static UInt128 Shorten(ReadOnlySpan<byte> keyHash) => BinaryPrimitives.ReadUInt128BigEndian(keyHash);
}
