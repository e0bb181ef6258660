using Talreg.Store.IO;
using Talreg.Store.Keys;

namespace Talreg.Store.Journal;

/// <summary>Reads what earlier processes left in a journal, beside recording, on a thread that yields to capture.</summary>
/// <param name="keys">Holds the segments' keys.</param>
/// <param name="recordingsDirectory">The folder that holds <c>recordings</c>.</param>
internal sealed class BackgroundRecovery(IKeyStore keys, string recordingsDirectory) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private List<OldSegment> _segments = [];
    private Task<RecoveryReport>? _report;
    private bool _complete;
    private long _unread;

    /// <summary>What was found, when all of it was read; nothing before <see cref="Start"/>.</summary>
    internal Task<RecoveryReport> Report => _report ?? Task.FromResult(new RecoveryReport());

    /// <summary>Bytes of segments that are still to be read. Any thread.</summary>
    internal long UnreadBytes => Interlocked.Read(ref _unread);

    /// <summary>Opens the old segments, reading their headers only, before anything new is made.</summary>
    /// <param name="volumes">The volumes; one that fails is fenced.</param>
    /// <returns>The last sequence; 0 for none.</returns>
    internal ulong Open(IReadOnlyList<JournalVolume> volumes)
    {
        _segments = OldSegment.Open(volumes, keys);
        _unread = _segments.Sum(static segment => segment.File.Length);
        _complete = !volumes.Any(static volume => volume.IsFenced);
        return _segments.LastOrDefault()?.Sequence ?? 0;
    }

    /// <summary>Begins to read.</summary>
    /// <param name="keep">Told each segment that was read and may be needed, on the thread that reads.</param>
    /// <param name="release">Told the same when all is read: those that no take needs can go.</param>
    internal void Start(Action<JournalSegment> keep, Func<JournalSegment, Task> release) =>
        _report = ReadAsync(keep, release);

    /// <summary>Ends the reading; the next start finds it all again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_report is null)
        {
            _segments.ForEach(static segment => segment.Dispose());
        }
        else
        {
            await ((Task)_report).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    private async Task<RecoveryReport> ReadAsync(Action<JournalSegment> keep, Func<JournalSegment, Task> release)
    {
        var needed = new List<JournalSegment>();
        try
        {
            var report = await BackgroundThread.RunAsync("journal recovery", () => JournalRecovery.Recover(
                _segments, _complete, keys, recordingsDirectory, NoteRead, _stop.Token)).ConfigureAwait(false);
            foreach (var segment in needed)
            {
                await release(segment).ConfigureAwait(false);
            }

            return report;
        }
        catch (OperationCanceledException)
        {
            _segments.ForEach(static segment => segment.Dispose());
            throw;
        }

        void NoteRead(JournalSegment? segment, long length)
        {
            Interlocked.Add(ref _unread, -length);
            if (segment is not null)
            {
                keep(segment);
                needed.Add(segment);
            }
        }
    }
}
