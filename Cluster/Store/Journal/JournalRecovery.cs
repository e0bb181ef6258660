using System.Globalization;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Journal;

/// <summary>
/// Reads what earlier processes left in the journal, on all its volumes together: cuts torn tails, sets damaged segments
/// aside, and finds the takes that are not sealed yet. It keeps every chunk before a break and never gives one that does
/// not chain. A chunk that stands on two volumes counts once.
/// </summary>
internal static class JournalRecovery
{
    /// <summary>What a damaged segment's name ends with.</summary>
    internal const string DamagedSuffix = ".damaged";

    /// <summary>Scans every segment, in the order of sequences. No other process may have the volumes open. A volume that
    /// fails is fenced; what was read of it counts.</summary>
    /// <param name="volumes">The volumes.</param>
    /// <param name="keys">Holds the segments' keys.</param>
    /// <param name="recordingsDirectory">The folder of the recordings.</param>
    internal static RecoveryReport Recover(
        IReadOnlyList<JournalVolume> volumes, IKeyStore keys, string recordingsDirectory)
    {
        var run = new Run(keys, recordingsDirectory);
        foreach (var (sequence, path, volume) in volumes.SelectMany(Segments).OrderBy(static s => s.Sequence))
        {
            try
            {
                run.Segment(sequence, path, volume);
            }
            catch (StoreException e)
            {
                volume.Fence(e);
            }
        }

        return run.Finish();
    }

    private static IEnumerable<(ulong Sequence, string Path, JournalVolume Volume)> Segments(JournalVolume volume)
    {
        if (!Directory.Exists(volume.Folder))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(volume.Folder, "*.tj*").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path).Split('.')[0];
            if (ulong.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence))
            {
                yield return (sequence, path, volume);
            }
        }
    }

    private sealed class Run(IKeyStore keys, string recordings)
    {
        private readonly Dictionary<Guid, RecoveringTake?> _takes = [];
        private readonly List<RecoveringTake> _order = [];
        private readonly List<JournalSegment> _segments = [];
        private readonly List<QuarantinedSegment> _quarantined = [];
        private ulong _lastSequence;
        private long _torn;

        internal void Segment(ulong sequence, string path, JournalVolume volume)
        {
            _lastSequence = Math.Max(_lastSequence, sequence);
            var file = NativeFile.OpenExisting(path, writable: true);
            var bytes = new byte[SegmentHeader.Size];
            var length = file.Read(bytes, 0);
            if (!SegmentHeader.TryRead(bytes.AsSpan(0, length), out var header, out var reason))
            {
                HeaderFailed(file, reason!);
                return;
            }

            Span<byte> key = stackalloc byte[KeyTree.KeySize];
            if (keys.TryGet(KeyKind.Segment, header.Id, "", key))
            {
                var segment = new JournalSegment(header, volume, file, file.Length, key, active: false);
                Scan(segment, file);
                return;
            }

            if (keys.Find(KeyKind.Segment, header.Id) == KeyState.Destroyed)
            {
                // Released already; the process died before the file was gone.
                file.Dispose();
                Folders.Delete(path);
                return;
            }

            Quarantine(file, 0, "its key is not in the key store");
            file.Dispose();
        }

        internal RecoveryReport Finish()
        {
            var takes = _order.Select(static t => t.Finish()).ToArray();
            return new RecoveryReport
            {
                Takes = takes,
                Quarantined = _quarantined,
                TornBytes = _torn,
                Chunks = takes.Sum(static t => (long)t.Chunks),
                OpenSegments = _segments,
                LastSequence = _lastSequence,
            };
        }

        private void HeaderFailed(NativeFile file, string reason)
        {
            // A segment's header is durable before anything else is written: with nothing behind it, it never held anything.
            var scan = new SegmentScanner(file, Guid.Empty);
            var empty = file.Length <= SegmentHeader.Size || scan.Scan(Ignore).TornBytes == 0;
            if (!empty)
            {
                Quarantine(file, 0, reason);
            }

            file.Dispose();
            if (empty)
            {
                Folders.Delete(file.Path);
            }
        }

        private static void Ignore(RecordType type, long offset, ReadOnlySpan<byte> body)
        {
        }

        private void Scan(JournalSegment segment, NativeFile file)
        {
            var scanner = new SegmentScanner(file, segment.Id);
            var end = scanner.Scan((type, offset, body) => Record(segment, type, offset, body));
            segment.End = end.End;
            _segments.Add(segment);
            if (end.Damage is not null)
            {
                segment.Keep();
                Quarantine(file, end.End, end.Damage);
            }
            else if (file.Length > end.End)
            {
                _torn += end.TornBytes;
                file.SetLength(end.End);
            }
        }

        private void Quarantine(NativeFile file, long offset, string reason)
        {
            var path = file.Path;
            if (!path.EndsWith(DamagedSuffix, StringComparison.Ordinal))
            {
                path += DamagedSuffix;
                Folders.Rename(file.Path, path);
            }

            _quarantined.Add(new QuarantinedSegment(path, offset, reason));
        }

        private void Record(JournalSegment segment, RecordType type, long offset, ReadOnlySpan<byte> body)
        {
            switch (type)
            {
                case RecordType.TakeOpened or RecordType.TakeCarried:
                    Open(segment, body, type == RecordType.TakeCarried);
                    break;
                case RecordType.Chunk when ChunkHeader.TryRead(body, out var header, out _):
                    if (body.Length == header.TotalLength && _takes.TryGetValue(header.TakeId, out var owner))
                    {
                        owner?.AddChunk(segment, offset + RecordFrame.HeaderSize, body, header);
                    }

                    break;
                case RecordType.TakeEvent when body.Length > 16:
                    Find(body)?.AddEvent(segment, body[16..]);
                    break;
                case RecordType.TakeClosed when body.Length == ClosedRecord.Size:
                    Find(body)?.Close(segment, body);
                    break;
                default:
                    break;
            }
        }

        private RecoveringTake? Find(ReadOnlySpan<byte> body) =>
            _takes.GetValueOrDefault(new Guid(body[..16], bigEndian: true));

        private void Open(JournalSegment segment, ReadOnlySpan<byte> body, bool carried)
        {
            if (body.Length < TakeRecord.Size(carried, 0))
            {
                segment.Keep();
                return;
            }

            var id = new Guid(body[..16], bigEndian: true);
            if (!_takes.TryGetValue(id, out var take))
            {
                take = RecoveringTake.Read(body, carried, segment);
                if (take is null)
                {
                    // Bytes that pass their check and yet do not open: keep the file, say so.
                    segment.Keep();
                    _quarantined.Add(new QuarantinedSegment(segment.Path, 0, $"take {id} does not open"));
                }
                else if (IsSealed(take.Take.Identity))
                {
                    take = null;
                }
                else
                {
                    _order.Add(take);
                }

                _takes[id] = take;
            }

            if (carried)
            {
                take?.Carried(segment, body.Slice(TakeRecord.IdentitySize, TakeRecord.CarriedSize));
            }
            else
            {
                take?.Opened(segment);
            }
        }

        private bool IsSealed(TakeIdentity take) =>
            File.Exists(RecordingPath.Of(recordings, take.Tenant, take.TakeId))
            || keys.Find(KeyKind.Take, take.TakeId) == KeyState.Destroyed;
    }
}
