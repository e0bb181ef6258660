using Prometheus;
using Talreg.Evidence.Witness;

namespace Talreg.Silo.Witness;

/// <summary>The logs of a witness, and what was said of them. Thread-safe.</summary>
internal sealed class WitnessRegister
{
    private static readonly string[] LogLabel = ["log"];
    private static readonly string[] RefusalLabels = ["log", "why"];

    private readonly Dictionary<string, WitnessedLog> _byOrigin;
    private readonly ILogger _logger;
    private readonly Gauge _size;
    private readonly Gauge _seenAt;
    private readonly Counter _cosigned;
    private readonly Counter _refused;
    private readonly Counter _unreachable;
    private readonly TimeProvider _clock;
    private int _refusals;
    private int _unread;

    public WitnessRegister(
        IEnumerable<WitnessedLog> logs, CollectorRegistry registry, TimeProvider clock, ILogger<WitnessRegister> logger)
    {
        _byOrigin = logs.ToDictionary(log => log.Key.Name, StringComparer.Ordinal);
        _logger = logger;
        _clock = clock;
        var factory = Metrics.WithCustomRegistry(registry);
        _size = factory.CreateGauge("talreg_witness_log_size", "Entries of the largest checkpoint cosigned.", LogLabel);
        _seenAt = factory.CreateGauge(
            "talreg_witness_log_seen_timestamp_seconds",
            "When a checkpoint was last cosigned, in Unix seconds.",
            LogLabel);
        _cosigned = factory.CreateCounter("talreg_witness_cosigned_total", "Checkpoints cosigned.", LogLabel);
        _refused = factory.CreateCounter(
            "talreg_witness_refused_total", "Checkpoints refused, by why; anything but 0 is an alarm.", RefusalLabels);
        _unreachable = factory.CreateCounter(
            "talreg_witness_unreachable_total", "Rounds in which a log could not be read.", LogLabel);
        foreach (var log in _byOrigin.Values)
        {
            _size.WithLabels(log.Key.Name).Set(log.Size);
            logger.Following(log.Key.Name, log.Size);
        }
    }

    /// <summary>The logs.</summary>
    public IReadOnlyCollection<WitnessedLog> Logs => _byOrigin.Values;

    /// <summary>Times that a log was refused since the start.</summary>
    public int Refusals => Volatile.Read(ref _refusals);

    /// <summary>Times that a log could not be read since the start.</summary>
    public int Unread => Volatile.Read(ref _unread);

    /// <summary>The log of an origin; null when it is not followed.</summary>
    public WitnessedLog? Find(string origin) => _byOrigin.GetValueOrDefault(origin);

    /// <summary>Notes what was said of a checkpoint.</summary>
    /// <param name="log">Whose.</param>
    /// <param name="said">The judgement.</param>
    /// <param name="by">Who offered it: a URL or an address.</param>
    public void Note(WitnessedLog log, Sighting said, string by)
    {
        var name = log.Key.Name;
        switch (said)
        {
            case Sighting.Accepted:
                _cosigned.WithLabels(name).Inc();
                _size.WithLabels(name).Set(log.Size);
                _seenAt.WithLabels(name).Set(_clock.GetUtcNow().ToUnixTimeSeconds());
                break;
            case Sighting.Inconsistent or Sighting.Shrunk or Sighting.Forked or Sighting.NotSigned:
                Interlocked.Increment(ref _refusals);
                _refused.WithLabels(name, said.ToString()).Inc();
                _logger.Refused(name, said, log.Size, by);
                if (said == Sighting.Forked)
                {
                    _logger.ForkKept(name, log.ForkFile);
                }

                break;
            default:
                // Older than what was seen, or malformed: the one who sent it is told.
                break;
        }
    }

    /// <summary>Notes what another witness was shown; one that agrees says nothing new.</summary>
    public void NoteCompared(WitnessedLog log, Sighting said, string by)
    {
        if (said != Sighting.Accepted)
        {
            Note(log, said, by);
        }
    }

    /// <summary>A log could not be read.</summary>
    public void NoteUnreachable(WitnessedLog log, string reason)
    {
        Interlocked.Increment(ref _unread);
        _unreachable.WithLabels(log.Key.Name).Inc();
        _logger.Unreachable(log.Key.Name, reason);
    }
}
