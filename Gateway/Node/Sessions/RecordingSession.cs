using Talreg.Capture;
using Talreg.Capture.Quality;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Sealing;

namespace Talreg.Gateway.Sessions;

/// <summary>One recording session (RFC 7866) from INVITE to its end, and the take it makes.</summary>
/// <remarks>Its members change under <see cref="Gate"/> only; the capture side has its own thread.</remarks>
internal sealed class RecordingSession : IDisposable
{
    /// <summary>The SIP server's name for the session.</summary>
    public required string DialogId { get; init; }

    /// <summary>What was admitted.</summary>
    public required CallAdmitted Admission { get; init; }

    /// <summary>The channel's key, for the end of the call.</summary>
    public required string Line { get; init; }

    /// <summary>Tells the cluster.</summary>
    public required ClusterReporter Reporter { get; init; }

    /// <summary>The take; null where the verdict is never.</summary>
    public CaptureTake? Take { get; init; }

    /// <summary>What the journal was opened with; null where the verdict is never.</summary>
    public TakeFacts? Facts { get; init; }

    /// <summary>What the gateway knows of the call.</summary>
    public required CallDocument Known { get; set; }

    /// <summary>By stream index: who sends it.</summary>
    public required List<string?> Senders { get; init; }

    /// <summary>By m-line index: the stream, or null for a refused m-line.</summary>
    public required List<int?> StreamOfMedia { get; init; }

    /// <summary>What the session's messages said so far.</summary>
    public required SessionMetadata Metadata { get; set; }

    /// <summary>Flags that this session added to those of its admission.</summary>
    public SortedSet<string> Flags { get; } = new(StringComparer.Ordinal);

    /// <summary>True while what arrives is to be stored.</summary>
    public bool Recording { get; set; }

    /// <summary>True while every m-line is held: silence is expected.</summary>
    public bool Held { get; set; }

    /// <summary>What the last order wanted of the take.</summary>
    public TakeDesire Desire { get; set; } = TakeDesire.AsAdmitted;

    /// <summary>The revision of the last order carried out.</summary>
    public long Revision { get; set; }

    /// <summary>True once the take is being closed; nothing begins afterwards.</summary>
    public bool Closing { get; set; }

    /// <summary>Serialises what signalling, orders and timeouts do to the session.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <inheritdoc />
    public void Dispose() => Gate.Dispose();

    /// <summary>The take as the API shows it.</summary>
    public TakeDocument Document(CaptureTake take, TakeSnapshot snapshot, string gateway, bool @sealed) => new()
    {
        Id = new TakeId(take.Identity.TakeId),
        Gateway = gateway,
        Epoch = (long)take.Identity.Epoch,
        Sealed = @sealed,
        CommittedChunks = (long)snapshot.CommittedChunks,
        Streams = [.. snapshot.Streams.Select(stream => ToDocument(stream, Senders.ElementAtOrDefault(stream.Index)))],
    };

    private static StreamDocument ToDocument(StreamSnapshot stream, string? sender) => new()
    {
        Index = stream.Index,
        Label = stream.Plan.Label,
        Codec = stream.Plan.Codec,
        Participant = sender,
        Packets = stream.Packets,
        Lost = stream.Lost,
        KernelDrops = stream.KernelDrops,
        Late = stream.Late,
        Foreign = stream.Foreign,
        FirstAt = stream.FirstAt,
        LastAt = stream.LastAt,
        Unauthenticated = stream.Unauthenticated,
        DigitsSuppressed = stream.DigitsSuppressed,
        Quality = stream.Quality is { } quality ? ToDocument(quality) : null,
    };

    private static StreamQualityDocument ToDocument(StreamQuality quality)
    {
        static long Scale(double value, double scale) => (long)Math.Round(value * scale);
        return new StreamQualityDocument
        {
            JitterUs = (long)quality.Jitter.TotalMicroseconds,
            MaxJitterUs = (long)quality.MaxJitter.TotalMicroseconds,
            LossPpm = Scale(quality.LossRatio, 1e6),
            Bursts = quality.Bursts,
            BurstLossPpm = Scale(quality.BurstDensity, 1e6),
            GapLossPpm = Scale(quality.GapDensity, 1e6),
            RatingTenths = quality.Rating is { } rating ? Scale(rating, 10) : null,
            MosHundredths = quality.Mos is { } mos ? Scale(mos, 100) : null,
        };
    }
}
