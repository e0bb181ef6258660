using System.Globalization;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Journal;

/// <summary>
/// Reads what earlier processes left in a volume's journal: cuts torn tails, sets damaged segments aside, and finds the
/// takes that are not sealed yet. It keeps every chunk before a break and never gives one that does not chain.
/// </summary>
public static class JournalRecovery
{
    /// <summary>What a damaged segment's name ends with.</summary>
    public const string DamagedSuffix = ".damaged";

    /// <summary>Scans every segment, in order. No other process may have the volume open.</summary>
    /// <param name="directory">The volume's folder.</param>
    /// <param name="keys">Holds the segments' keys.</param>
    /// <param name="recordingsDirectory">The folder of the recordings; null: the volume's.</param>
    /// <exception cref="StoreException">A file cannot be read, renamed or cut.</exception>
    public static RecoveryReport Recover(string directory, IKeyStore keys, string? recordingsDirectory = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var run = new Run(keys, recordingsDirectory ?? directory);
        var folder = Path.Combine(directory, "journal");
        if (Directory.Exists(folder))
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.tj*").Order(StringComparer.Ordinal))
            {
                run.Segment(path);
            }
        }

        return run.Finish();
    }

    private sealed class Run(IKeyStore keys, string recordings)
    {
        private readonly Dictionary<Guid, RecoveringTake?> _takes = [];
        private readonly List<RecoveringTake> _order = [];
        private readonly List<JournalSegment> _segments = [];
        private readonly List<QuarantinedSegment> _quarantined = [];
        private ulong _lastSequence;
        private long _torn;

        internal void Segment(string path)
        {
            var name = Path.GetFileName(path).Split('.')[0];
            if (!ulong.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence))
            {
                return;
            }

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
                var segment = new JournalSegment(header, file, file.Length, key, active: false);
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
                NextSequence = _lastSequence + 1,
            };
        }

        private void HeaderFailed(NativeFile file, string reason)
        {
            // A segment's header is durable before anything else is written: an empty file never held anything.
            var scan = new SegmentScanner(file, Guid.Empty);
            var empty = file.Length <= SegmentHeader.Size || (scan.Scan(Ignore).TornBytes == 0 && IsZero(file));
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

        private static bool IsZero(NativeFile file)
        {
            Span<byte> header = stackalloc byte[SegmentHeader.Size];
            return !header[..file.Read(header, 0)].ContainsAnyExcept((byte)0);
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
