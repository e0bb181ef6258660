using Talreg.Capture;
using Talreg.Contracts.Calls;

namespace Talreg.Gateway.Sessions;

/// <summary>Doubts that only capture knows are told while the call is live, so that a crash does not take them along.</summary>
internal sealed partial class SrsApplication
{
    // Drops come when everything is busy: what is told of them must not be the next load.
    private const int MostSharedDropsTold = 100;

    private long _kernelDrops;

    /// <summary>
    /// Flags the live calls whose pre-buffer holds less than their policy asked for, those whose epoch is over, and those
    /// that share the kernel's drops. Each once: a flag stays.
    /// </summary>
    public async Task NoteLiveFlagsAsync()
    {
        foreach (var session in _sessions.Values)
        {
            if (session.Take is { } take && session.Admission.Verdict.PreBufferSeconds > 0)
            {
                await NoteFlagAsync(session, take, CallFlags.PreBufferShort, stream => stream.PreBufferShort)
                    .ConfigureAwait(false);
            }

            if (session.Take is { } kept && IsStale(kept))
            {
                await NoteFlagAsync(session, kept, CallFlags.StaleEpoch, _ => true).ConfigureAwait(false);
            }
        }

        await NoteSharedDropsAsync().ConfigureAwait(false);
    }

    private async Task NoteSharedDropsAsync()
    {
        var drops = capture.Totals.KernelDrops;
        if (drops == _kernelDrops)
        {
            return;
        }

        var told = 0;
        foreach (var session in _sessions.Values.Where(session => !session.Flags.Contains(CallFlags.SharedDrops)))
        {
            if (told == MostSharedDropsTold)
            {
                // The rest in the next second.
                return;
            }

            if (session.Take is { } take && await NoteFlagAsync(
                session, take, CallFlags.SharedDrops, stream => stream.KernelDropsShared).ConfigureAwait(false))
            {
                told++;
            }
        }

        _kernelDrops = drops;
    }

    private async Task<bool> NoteFlagAsync(
        RecordingSession session, CaptureTake take, string flag, Predicate<StreamSnapshot> raises)
    {
        await session.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (session.Closing || session.Flags.Contains(flag))
            {
                return false;
            }

            var snapshot = capture.Snapshot(take);
            if (!snapshot.Streams.Any(stream => raises(stream)))
            {
                return false;
            }

            session.Flags.Add(flag);
            if (flag == CallFlags.PreBufferShort)
            {
                logger.PreBufferShort(
                    TakeIdOf(session), session.Admission.Call, session.Admission.Verdict.PreBufferSeconds);
            }

            ReportChange(session, take, snapshot, participants: []);
            return true;
        }
        finally
        {
            session.Gate.Release();
        }
    }
}
