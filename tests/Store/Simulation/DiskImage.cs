namespace Talreg.Store.Tests.Simulation;

/// <summary>What becomes of writes and names that no sync had put on stable storage.</summary>
internal enum Fate
{
    /// <summary>The process died, the kernel did not: everything is there.</summary>
    Kept,

    /// <summary>Nothing is there.</summary>
    Lost,

    /// <summary>Everything is there, of the last write some of its first sectors only.</summary>
    Torn,

    /// <summary>Everything is there but one write.</summary>
    Missing,

    /// <summary>Each sector and each name is old or new by itself: all orders in which a kernel may write them.</summary>
    Shuffled,
}

/// <summary>The disk that a crash leaves after some operations.</summary>
/// <param name="operations">All operations.</param>
/// <param name="prefix">How many of them were done.</param>
internal sealed class DiskImage(IReadOnlyList<DiskOperation> operations, int prefix)
{
    private const int Sector = 512;

    private readonly Dictionary<int, int> _covered = [];
    private readonly Dictionary<string, int> _namesCovered = new(StringComparer.Ordinal);

    /// <summary>Puts the files a crash leaves into a folder.</summary>
    /// <param name="source">The folder the operations were done in.</param>
    /// <param name="target">An empty folder.</param>
    /// <param name="fate">What becomes of what was not synced.</param>
    /// <param name="random">Draws which.</param>
    /// <returns>False when there is nothing that could have this fate.</returns>
    internal bool TryMake(string source, string target, Fate fate, Random random)
    {
        NoteSyncs();
        var unsynced = Enumerable.Range(0, prefix).Where(IsUnsyncedWrite).ToArray();
        if ((fate is Fate.Missing or Fate.Shuffled && unsynced.Length == 0)
            || (fate == Fate.Torn && (prefix == 0 || operations[prefix - 1].Call != DiskCall.Write)))
        {
            return false;
        }

        var marked = fate == Fate.Missing ? unsynced[random.Next(unsynced.Length)] : prefix - 1;
        var choice = new Choice(fate, random, marked);
        foreach (var (path, file) in Names(choice))
        {
            var to = target + path[source.Length..];
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.WriteAllBytes(to, Content(file, choice));
        }

        return true;
    }

    private void NoteSyncs()
    {
        foreach (var operation in operations.Take(prefix))
        {
            if (operation.Call == DiskCall.Sync)
            {
                _covered[operation.File] = Math.Max(_covered.GetValueOrDefault(operation.File), operation.Covers);
            }
            else if (operation.Call == DiskCall.SyncFolder)
            {
                _namesCovered[operation.Path] = operation.Covers;
            }
        }
    }

    private bool IsUnsyncedWrite(int number) => operations[number] is { Call: DiskCall.Write } operation
        && number >= _covered.GetValueOrDefault(operation.File);

    private Dictionary<string, int> Names(Choice choice)
    {
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < prefix; i++)
        {
            var operation = operations[i];
            var synced = i < _namesCovered.GetValueOrDefault(Path.GetDirectoryName(operation.Path)!);
            if (operation.Call is not (DiskCall.Create or DiskCall.Rename or DiskCall.Delete)
                || (!synced && !choice.KeepsName()))
            {
                continue;
            }

            if (operation.Call != DiskCall.Create)
            {
                names.Remove(operation.Path);
            }

            if (operation.Call != DiskCall.Delete)
            {
                names[operation.Call == DiskCall.Rename ? operation.To : operation.Path] = operation.File;
            }
        }

        return names;
    }

    private byte[] Content(int file, Choice choice)
    {
        var numbers = Enumerable.Range(0, prefix).Where(i => operations[i].File == file).ToArray();
        var covered = _covered.GetValueOrDefault(file);
        var created = numbers[0];
        var length = created < covered || choice.KeepsName() ? operations[created].Size : 0;
        var writes = numbers.Where(i => operations[i].Call == DiskCall.Write).ToArray();
        var bytes = new byte[writes.Select(i => operations[i].Offset + operations[i].Bytes.Length)
            .Append(length).Max()];
        foreach (var i in writes.Where(i => i < covered))
        {
            length = Math.Max(length, Apply(bytes, operations[i], 0, int.MaxValue));
        }

        var unsynced = writes.Where(i => i >= covered).ToArray();
        var newest = choice.Sectors(unsynced.SelectMany(i => SectorsOf(operations[i]).Select(sector => (sector, i))));
        foreach (var i in unsynced)
        {
            var operation = operations[i];
            foreach (var sector in SectorsOf(operation).Where(sector => i <= newest(sector, i)))
            {
                length = Math.Max(length, Apply(bytes, operation, sector * Sector, Sector));
            }
        }

        return bytes[..(int)length];
    }

    private static IEnumerable<long> SectorsOf(DiskOperation write)
    {
        for (var sector = write.Offset / Sector; sector * Sector < write.Offset + write.Bytes.Length; sector++)
        {
            yield return sector;
        }
    }

    // The part of a write that lies in a range of the file; gives its end.
    private static long Apply(byte[] bytes, DiskOperation write, long from, int length)
    {
        var start = Math.Max(write.Offset, from);
        var end = Math.Min(write.Offset + write.Bytes.Length, from + length);
        write.Bytes.AsSpan((int)(start - write.Offset), (int)(end - start)).CopyTo(bytes.AsSpan((int)start));
        return end;
    }

    private sealed class Choice(Fate fate, Random random, int marked)
    {
        private readonly double _new = random.NextDouble();
        private readonly double _cut = random.NextDouble();

        internal bool KeepsName() =>
            fate is Fate.Kept or Fate.Torn or Fate.Missing || (fate == Fate.Shuffled && random.NextDouble() < _new);

        /// <summary>Chooses for each sector the newest write that reached it; -1 for none.</summary>
        internal Func<long, int, int> Sectors(IEnumerable<(long Sector, int Write)> unsynced)
        {
            switch (fate)
            {
                case Fate.Kept:
                    return static (_, _) => int.MaxValue;
                case Fate.Lost:
                    return static (_, _) => -1;
                case Fate.Missing:
                    return (_, write) => write == marked ? -1 : int.MaxValue;
                case Fate.Torn:
                    var sectors = unsynced.Where(s => s.Write == marked).Select(static s => s.Sector).ToArray();
                    var last = sectors.Length == 0 ? 0 : sectors[(int)(_cut * sectors.Length)];
                    return (sector, write) => write == marked && sector >= last ? -1 : int.MaxValue;
                default:
                    var newest = unsynced.GroupBy(static s => s.Sector, static s => s.Write)
                        .ToDictionary(static s => s.Key, Draw);
                    return (sector, _) => newest[sector];
            }
        }

        private int Draw(IGrouping<long, int> writes)
        {
            int[] versions = [-1, .. writes];
            return random.NextDouble() < _new ? versions[^1] : versions[random.Next(versions.Length)];
        }
    }
}
