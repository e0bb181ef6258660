using Talreg.Capture;
using Talreg.Contracts.Calls;

namespace Talreg.Gateway.Sessions;

/// <summary>Pre-buffers that hold less than their policy asked for are told while the call is live.</summary>
internal sealed partial class SrsApplication
{
    /// <summary>
    /// Flags the live calls whose pre-buffer holds less than their policy asked for. Each once: a flag stays.
    /// </summary>
    public async Task NotePreBuffersAsync()
    {
        foreach (var session in _sessions.Values)
        {
            if (session.Take is { } take && session.Admission.Verdict.PreBufferSeconds > 0)
            {
                await NotePreBufferAsync(session, take).ConfigureAwait(false);
            }
        }
    }

    private async Task NotePreBufferAsync(RecordingSession session, CaptureTake take)
    {
        await session.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (session.Closing || session.Flags.Contains(CallFlags.PreBufferShort))
            {
                return;
            }

            var snapshot = capture.Snapshot(take);
            if (snapshot.Streams.Any(stream => stream.PreBufferShort))
            {
                session.Flags.Add(CallFlags.PreBufferShort);
                logger.PreBufferShort(
                    TakeIdOf(session), session.Admission.Call, session.Admission.Verdict.PreBufferSeconds);
                ReportChange(session, take, snapshot, participants: []);
            }
        }
        finally
        {
            session.Gate.Release();
        }
    }
}
