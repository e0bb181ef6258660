using Talreg.Capture.Quality;
using Talreg.Capture.Rtp;

namespace Talreg.Capture.Streams;

/// <summary>How well the stream came: a few additions per packet.</summary>
internal sealed partial class CaptureStream
{
    // So far behind the highest number a packet is given up as lost; earlier it may still be late.
    private const int Patience = 32;

    private SequenceTracker? _judged;
    private long _next;

    private StreamQuality? Quality(StreamCounters counters, InterarrivalJitter jitter) => counters.Packets == 0
        ? null
        : StreamQuality.From(Plan.Codec, counters.Pattern, jitter);

    // A packet that is newer than all before has come.
    private void Judge(SequenceTracker tracker, long extended, long skipped, bool paused)
    {
        var before = extended - skipped - 1;
        if (tracker != _judged)
        {
            JudgeRest();
            _judged = tracker;
            _next = extended;
        }
        else if (paused)
        {
            // What was left out on purpose is no loss, and a burst does not reach over it.
            JudgeTo(tracker, before);
            _counters.Pattern.Close();
            _next = extended;
        }

        JudgeTo(tracker, Math.Min(before, extended - Patience));
        var givenUp = extended - Patience - _next + 1;
        if (givenUp > 0)
        {
            _counters.Pattern.AddLost(givenUp);
            _next += givenUp;
        }
    }

    private void JudgeRest()
    {
        if (_judged is not null)
        {
            JudgeTo(_judged, _judged.Highest);
            _counters.Pattern.Close();
        }
    }

    private void JudgeTo(SequenceTracker tracker, long last)
    {
        for (; _next <= last; _next++)
        {
            if (tracker.Has(_next))
            {
                _counters.Pattern.AddReceived();
            }
            else
            {
                _counters.Pattern.AddLost(1);
            }
        }
    }
}
