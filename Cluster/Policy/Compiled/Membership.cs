using System.Numerics;
using System.Runtime.CompilerServices;

namespace Talreg.Policy.Compiled;

/// <summary>Which of up to <see cref="Most"/> lists something is in.</summary>
[InlineArray(Words)]
internal struct Membership
{
    /// <summary>The most lists of one kind.</summary>
    public const int Most = 64 * Words;

    private const int Words = 4;

    private ulong _word;

    /// <summary>True when it is in the list.</summary>
    public readonly bool Has(int list) => (this[list >> 6] & (1UL << (list & 63))) != 0;

    /// <summary>It is in these lists.</summary>
    public void Add(ReadOnlySpan<int> lists)
    {
        foreach (var list in lists)
        {
            this[list >> 6] |= 1UL << (list & 63);
        }
    }

    /// <summary>It is in whatever the other is in.</summary>
    public void Add(Membership other)
    {
        for (var i = 0; i < Words; i++)
        {
            this[i] |= other[i];
        }
    }

    /// <summary>The first list from <paramref name="list"/> on; -1 for none.</summary>
    public readonly int Next(int list)
    {
        for (var word = list >> 6; word < Words; word++)
        {
            var bits = word == list >> 6 ? this[word] & (ulong.MaxValue << (list & 63)) : this[word];
            if (bits != 0)
            {
                return (word << 6) + BitOperations.TrailingZeroCount(bits);
            }
        }

        return -1;
    }
}
