using System.Globalization;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;

namespace Talreg.Store.Journal;

/// <summary>
/// A segment an earlier process left: opened at a start, before anything else, and read later beside recording. Whoever
/// holds it owns its file until the segment does.
/// </summary>
internal sealed class OldSegment : IDisposable
{
    private OldSegment(ulong sequence, JournalVolume volume, NativeFile file)
    {
        Sequence = sequence;
        Volume = volume;
        File = file;
    }

    internal ulong Sequence { get; }

    internal JournalVolume Volume { get; }

    internal NativeFile File { get; }

    /// <summary>The segment; null where <see cref="Fault"/> says why, or it was released.</summary>
    internal JournalSegment? Segment { get; private set; }

    /// <summary>Why the segment cannot be read as it should be.</summary>
    internal string? Fault { get; private set; }

    /// <summary>True when its header does not hold; else it is the key that is missing.</summary>
    internal bool HeaderFails { get; private set; }

    /// <summary>Opens every segment of the volumes, in the order of sequences, reading their headers only. A volume that fails,
    /// or whose keys do not unwrap, is fenced.</summary>
    internal static List<OldSegment> Open(IReadOnlyList<JournalVolume> volumes, IKeyStore keys)
    {
        var found = new List<OldSegment>();
        foreach (var volume in volumes.Where(static volume => !volume.IsFenced))
        {
            try
            {
                foreach (var (sequence, path) in Names(volume))
                {
                    found.Add(Open(sequence, path, volume, keys));
                }
            }
            catch (StoreException e)
            {
                volume.Fence(e);
            }
        }

        ForgetRemoved(found, volumes, keys);
        found.Sort(static (one, other) => one.Sequence.CompareTo(other.Sequence));
        return found;
    }

    /// <summary>The id in its header, where that holds.</summary>
    internal Guid? Id { get; private set; }

    /// <summary>Takes the segment that its own first record proves to be another than its damaged header says.</summary>
    internal void Identify(JournalSegment segment) => Segment = segment;

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Segment?.Dispose();
        File.Dispose();
    }

    // Destroyed keys of files that are gone. A volume that is out of use may still hold such a file.
    private static void ForgetRemoved(
        List<OldSegment> found, IReadOnlyList<JournalVolume> volumes, IKeyStore keys)
    {
        if (volumes.Any(static volume => volume.IsFenced))
        {
            return;
        }

        foreach (var id in keys.List(KeyKind.Segment).Except(found.Select(static old => old.Id ?? Guid.Empty)))
        {
            keys.Forget(KeyKind.Segment, id);
        }
    }

    private static OldSegment Open(ulong sequence, string path, JournalVolume volume, IKeyStore keys)
    {
        var old = new OldSegment(sequence, volume, NativeFile.OpenExisting(path, writable: true));
        try
        {
            old.ReadHeader(keys);
            return old;
        }
        catch (StoreException)
        {
            old.Dispose();
            throw;
        }
    }

    private static IEnumerable<(ulong Sequence, string Path)> Names(JournalVolume volume)
    {
        if (!Directory.Exists(volume.Folder))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(volume.Folder, "*.tj*"))
        {
            var name = Path.GetFileName(path).Split('.')[0];
            if (ulong.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence))
            {
                yield return (sequence, path);
            }
        }
    }

    private void ReadHeader(IKeyStore keys)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Size];
        var length = File.Read(bytes, 0);
        if (!SegmentHeader.TryRead(bytes[..length], out var header, out var reason))
        {
            HeaderFails = true;
            Fault = reason;
            return;
        }

        Id = header.Id;
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        if (keys.TryGet(KeyKind.Segment, header.Id, "", key))
        {
            Segment = new JournalSegment(header, Volume, File, File.Length, key, active: false);
        }
        else if (keys.Find(KeyKind.Segment, header.Id) != KeyState.Destroyed)
        {
            Fault = "its key is not in the key store";
        }
    }
}
