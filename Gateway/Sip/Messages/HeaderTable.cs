using System.Buffers;

namespace Talreg.Sip.Messages;

/// <summary>Where a header field lies in its message's buffer.</summary>
internal readonly record struct HeaderSlot(
    HeaderName Name, int NameStart, int NameLength, int ValueStart, int ValueLength);

/// <summary>
/// The header fields of a message in order. The slots are lent by a pool: whoever fills the table gives it to a
/// <see cref="SipMessage"/>, or returns it.
/// </summary>
internal struct HeaderTable
{
    private const int FirstCapacity = 32;

    private HeaderSlot[]? _slots;
    private uint _present;
    private uint _repeated;

    public int Count { get; private set; }

    public readonly ReadOnlySpan<HeaderSlot> Slots => _slots.AsSpan(0, Count);

    /// <summary>Whether there is a field of that name.</summary>
    public readonly bool Has(HeaderName name) => (_present & Bit(name)) != 0;

    /// <summary>Whether there are two or more of that name.</summary>
    public readonly bool IsRepeated(HeaderName name) => (_repeated & Bit(name)) != 0;

    public void Add(in HeaderSlot slot)
    {
        if (_slots is null || Count == _slots.Length)
        {
            Grow();
        }

        _slots![Count++] = slot;
        var bit = Bit(slot.Name);
        _repeated |= _present & bit;
        _present |= bit;
    }

    /// <summary>Gives the slots back; the table is empty afterwards.</summary>
    public void Return()
    {
        if (_slots is { } slots)
        {
            ArrayPool<HeaderSlot>.Shared.Return(slots);
        }

        this = default;
    }

    // One bit for each name: HeaderName has fewer than 32 members.
    private static uint Bit(HeaderName name) => 1u << (int)name;

    private void Grow()
    {
        var larger = ArrayPool<HeaderSlot>.Shared.Rent(_slots is null ? FirstCapacity : Count * 2);
        Slots.CopyTo(larger);
        if (_slots is { } smaller)
        {
            ArrayPool<HeaderSlot>.Shared.Return(smaller);
        }

        _slots = larger;
    }
}
