namespace Talreg.Capture.Rtcp;

/// <summary>
/// What came of one source, stored or not: what a report block says of it (RFC 3550 §6.4.1, computed as in A.1 and A.3).
/// Unlike the counts of what is stored, a duplicate counts as received, and a sender that begins to count anew is believed
/// with its second packet. A value.
/// </summary>
internal struct ReceptionSource
{
    private const int MaxDropout = 3000;
    private const int MaxMisorder = 100;
    private const int NumberSpace = 1 << 16;

    private long _first;
    private int _restartAt;

    /// <summary>Begins with a packet.</summary>
    internal ReceptionSource(uint ssrc, ushort sequence)
    {
        Ssrc = ssrc;
        Begin(sequence);
    }

    /// <summary>The source.</summary>
    internal uint Ssrc { get; }

    /// <summary>The extended highest sequence number: cycles in its upper half.</summary>
    internal long Highest { get; private set; }

    /// <summary>Packets since it began to count, duplicates and late ones too.</summary>
    internal long Received { get; private set; }

    /// <summary>Packets that should have come by then.</summary>
    internal readonly long Expected => Highest - _first + 1;

    /// <summary>How often it began to count anew.</summary>
    internal int Restarts { get; private set; }

    /// <summary>The middle 32 bits of its last sender report's wall clock; 0 for none.</summary>
    internal uint LastReport { get; private set; }

    /// <summary>Arrival of that report, monotonic.</summary>
    internal long LastReportNs { get; private set; }

    /// <summary>Takes in a packet.</summary>
    internal void Add(ushort sequence)
    {
        var ahead = (ushort)(sequence - (ushort)Highest);
        if (ahead < MaxDropout)
        {
            Highest += ahead;
        }
        else if (ahead <= NumberSpace - MaxMisorder)
        {
            if (sequence != _restartAt)
            {
                _restartAt = (ushort)(sequence + 1);
                return;
            }

            Begin(sequence);
            Restarts++;
            return;
        }

        Received++;
    }

    /// <summary>Its sender report came.</summary>
    internal void NoteReport(in SenderReport report, long arrivalNs)
    {
        LastReport = (uint)(report.NtpTime >> 16);
        LastReportNs = arrivalNs;
    }

    private void Begin(ushort sequence)
    {
        _first = sequence;
        _restartAt = -1;
        Highest = sequence;
        Received = 1;
    }
}
