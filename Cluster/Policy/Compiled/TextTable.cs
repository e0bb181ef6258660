using System.Numerics;

namespace Talreg.Policy.Compiled;

/// <summary>Ascending numbers by text, looked up by span without allocating, whole or by every prefix.</summary>
internal sealed class TextTable
{
    private readonly Dictionary<string, int[]> _table;
    private readonly Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    /// <summary>Makes the table.</summary>
    /// <param name="table">Texts of 1 to 64 characters where prefixes are looked up, else of any length.</param>
    public TextTable(IEnumerable<KeyValuePair<string, List<int>>> table)
    {
        _table = new Dictionary<string, int[]>(StringComparer.Ordinal);
        foreach (var (text, numbers) in table)
        {
            _table[text] = [.. numbers.Distinct().Order()];
            Lengths |= text.Length is > 0 and <= 64 ? 1UL << (text.Length - 1) : 0;
        }

        _bySpan = _table.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Nothing is in it.</summary>
    public bool IsEmpty => _table.Count == 0;

    /// <summary>Which lengths occur: bit 0 for one character.</summary>
    public ulong Lengths { get; }

    /// <summary>The numbers of exactly this text.</summary>
    public ReadOnlySpan<int> Find(ReadOnlySpan<char> text) =>
        _bySpan.TryGetValue(text, out var numbers) ? numbers : default;

    /// <summary>The next shorter length, among those that occur, that is no longer than the text; 0 for none.</summary>
    /// <param name="length">What the last call gave; at first the text's length plus one.</param>
    public int Shorter(int length)
    {
        var below = length > 64 ? Lengths : Lengths & ((1UL << (length - 1)) - 1);
        return below == 0 ? 0 : 64 - BitOperations.LeadingZeroCount(below);
    }
}
