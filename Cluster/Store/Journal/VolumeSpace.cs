namespace Talreg.Store.Journal;

/// <summary>How full a file system is.</summary>
public enum SpaceLevel
{
    /// <summary>There is room.</summary>
    Normal,

    /// <summary>Somebody should look; recording goes on as ever.</summary>
    Alarm,

    /// <summary>New takes must be refused; live ones go on, from the reserve if need be.</summary>
    Refuse,
}

/// <summary>The space of the file system under a folder, asked at most four times a second. Any thread.</summary>
/// <param name="directory">The folder.</param>
/// <param name="options">Hold the levels.</param>
/// <param name="time">Paces the asking.</param>
internal sealed class VolumeSpace(string directory, JournalOptions options, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(250);

    private Sample? _last;

    /// <summary>Bytes of the folder's reserve: they are taken, and still count as free.</summary>
    internal long ReserveBytes { get; set; }

    /// <summary>Free space and size, in bytes, the reserve counted as taken; -1 when they cannot be asked.</summary>
    internal (long Free, long Total) Now
    {
        get
        {
            var last = Volatile.Read(ref _last);
            if (last is null || time.GetElapsedTime(last.At) > MaxAge)
            {
                last = Ask();
                Volatile.Write(ref _last, last);
            }

            return (last.Free, last.Total);
        }
    }

    /// <summary>How full it is; a file system that cannot be asked counts as normal, since its writes will tell.</summary>
    internal SpaceLevel Level
    {
        get
        {
            var (free, total) = Now;
            return LevelOf(free + ReserveBytes, total, options);
        }
    }

    internal static SpaceLevel LevelOf(long free, long total, JournalOptions options) => total <= 0 || free < 0
        ? SpaceLevel.Normal
        : (100.0 * (total - free) / total) switch
        {
            var used when used >= options.RefusePercent => SpaceLevel.Refuse,
            var used when used >= options.AlarmPercent => SpaceLevel.Alarm,
            _ => SpaceLevel.Normal,
        };

    private Sample Ask()
    {
        try
        {
            var drive = new DriveInfo(directory);
            return new Sample(time.GetTimestamp(), drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (IOException)
        {
            return new Sample(time.GetTimestamp(), -1, -1);
        }
    }

    private sealed record Sample(long At, long Free, long Total);
}
