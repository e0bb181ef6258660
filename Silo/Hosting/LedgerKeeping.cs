using System.Text.Json.Nodes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Prometheus;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;
using Talreg.Grains.Ledger;
using Talreg.Silo.Options;

namespace Talreg.Silo.Hosting;

/// <summary>
/// What keeps the ledger provable though nobody calls: a leaf that names the signing key at the start, a heartbeat leaf every minute,
/// and a round of the witnesses every ten seconds. Several silos may run it: the leaves' keys make one of those they all offer.
/// </summary>
internal sealed class LedgerKeeping : BackgroundService, IHealthCheck
{
    /// <summary>Between rounds of the witnesses.</summary>
    public static readonly TimeSpan RoundEvery = TimeSpan.FromSeconds(10);

    /// <summary>Between timestamps.</summary>
    public static readonly TimeSpan StampEvery = TimeSpan.FromHours(1);

    private static readonly TimeSpan StampAgain = TimeSpan.FromMinutes(1);
    private static readonly string[] WitnessLabel = ["witness"];

    private readonly ILedgerGrain _ledger;
    private readonly string _tenant;
    private readonly bool _hasWitnesses;
    private readonly bool _hasAuthority;
    private readonly Gauge _stampedAt;
    private readonly Counter _stampsFailed;
    private readonly TimeProvider _clock;
    private readonly ILogger<LedgerKeeping> _logger;
    private readonly Counter _rounds;
    private readonly Counter _missed;
    private readonly Counter _missing;
    private readonly Gauge _quorum;
    private readonly Gauge _cosignedSize;
    private readonly Gauge _size;
    private WitnessRound? _last;
    private string? _keyTold;
    private long _minute;
    private DateTimeOffset _nextStamp = DateTimeOffset.MinValue;

    public LedgerKeeping(
        IGrainFactory grains,
        RecorderSettings settings,
        CollectorRegistry registry,
        TimeProvider clock,
        ILogger<LedgerKeeping> logger)
    {
        _tenant = settings.Tenant;
        _ledger = grains.GetGrain<ILedgerGrain>(_tenant);
        _hasWitnesses = settings.Ledger.Quorum > 0;
        _hasAuthority = settings.Ledger.TimestampAuthority is not null;
        _clock = clock;
        _logger = logger;
        var factory = Metrics.WithCustomRegistry(registry);
        _rounds = factory.CreateCounter("talreg_ledger_witness_rounds_total", "Times that the witnesses were asked.");
        _missed = factory.CreateCounter(
            "talreg_ledger_quorum_missed_total", "Rounds in which fewer witnesses cosigned than are wanted.");
        _missing = factory.CreateCounter(
            "talreg_ledger_witness_missing_total", "Rounds in which a witness did not cosign.", WitnessLabel);
        _quorum = factory.CreateGauge(
            "talreg_ledger_quorum", "1 when the last round had the wanted cosignatures, or none is wanted; else 0.");
        _cosignedSize = factory.CreateGauge(
            "talreg_ledger_cosigned_size", "Entries under the newest checkpoint with a quorum of cosignatures.");
        _size = factory.CreateGauge(
            "talreg_ledger_size", "Entries under the checkpoint that witnesses were asked about.");
        _stampedAt = factory.CreateGauge(
            "talreg_ledger_timestamp_seconds", "When a checkpoint was last time-stamped, Unix seconds; 0 for never.");
        _stampsFailed = factory.CreateCounter(
            "talreg_ledger_timestamps_failed_total", "Times that the time-stamping authority gave no timestamp.");
        _quorum.Set(_hasWitnesses ? 0 : 1);
        _minute = Minute(clock.GetUtcNow());
    }

    /// <summary>Puts it into an application that has the grains.</summary>
    public static void AddTo(IServiceCollection services, RecorderSettings settings)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LedgerKeeping>(provider, settings));
        services.AddHostedService(provider => provider.GetRequiredService<LedgerKeeping>());
        services.AddHealthChecks().AddCheck<LedgerKeeping>("witnesses", HealthStatus.Degraded);
    }

    /// <summary>How the ledger's grains work.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The authority's roots do not read.</exception>
    public static LedgerOptions Options(string directory, RecorderSettings settings) => new()
    {
        Directory = directory,
        Timestamp = settings.Ledger.TimestampAuthority is { } url
            ? new TimestampAuthority(url, settings.Ledger.TimestampTrust!).StampAsync
            : null,
        Witnesses = settings.Ledger.Witnesses,
        WitnessQuorum = settings.Ledger.Quorum,
    };

    /// <summary>Degraded while witnesses are wanted and miss: recording goes on, and somebody must look.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(!_hasWitnesses || _last is null or { HasQuorum: true }
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"{_last.Cosigned.Count} of {_last.Quorum} witnesses cosign the ledger."));

    /// <summary>One round: the leaves that are due, and the witnesses.</summary>
    public async Task RunOnceAsync()
    {
        await TryAsync("key", TellKeyAsync).ConfigureAwait(false);
        await TryAsync("heartbeat", BeatAsync).ConfigureAwait(false);
        if (_hasWitnesses)
        {
            await TryAsync("witnesses' round", AskWitnessesAsync).ConfigureAwait(false);
        }

        if (_hasAuthority && _clock.GetUtcNow() >= _nextStamp)
        {
            await StampAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RoundEvery, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            await RunOnceAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
        }
    }

    private static long Minute(DateTimeOffset at) => at.ToUnixTimeSeconds() / 60;

    private async Task TryAsync(string what, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            _logger.LedgerNotKept(what, e.Message);
        }
    }

    private async Task TellKeyAsync()
    {
        if (_keyTold is not null)
        {
            return;
        }

        var key = await _ledger.GetVerifierKeyAsync().ConfigureAwait(false);
        var now = _clock.GetUtcNow();
        await AppendAsync(
            LedgerEventKind.Key,
            $"key/ledger/{Guid.CreateVersion7(now):D}",
            now,
            new JsonObject
            {
                ["tenant"] = _tenant, ["purpose"] = "ledger", ["event"] = "loaded", ["key"] = key,
            }).ConfigureAwait(false);
        _keyTold = key;
    }

    private async Task BeatAsync()
    {
        var now = _clock.GetUtcNow();
        var minute = Minute(now);
        if (minute == _minute)
        {
            return;
        }

        await AppendAsync(
            LedgerEventKind.Heartbeat,
            $"heartbeat/{minute}",
            now,
            new JsonObject { ["tenant"] = _tenant, ["minute"] = minute }).ConfigureAwait(false);
        _minute = minute;
    }

    private async Task StampAsync()
    {
        try
        {
            if (await _ledger.TimestampAsync().ConfigureAwait(false) is not null)
            {
                _stampedAt.Set(_clock.GetUtcNow().ToUnixTimeSeconds());
            }

            _nextStamp = _clock.GetUtcNow() + StampEvery;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            _stampsFailed.Inc();
            _nextStamp = _clock.GetUtcNow() + StampAgain;
            _logger.TimestampFailed(StampAgain, e.Message);
        }
    }

    private Task<LedgerReceipt> AppendAsync(LedgerEventKind kind, string key, DateTimeOffset at, JsonObject body) =>
        _ledger.AppendAsync(new LedgerEvent(kind, key, at, CanonicalJson.Write(body)));

    private async Task AskWitnessesAsync()
    {
        var round = await _ledger.CosignAsync().ConfigureAwait(false);
        _rounds.Inc();
        _size.Set(round.Size);
        _cosignedSize.Set(round.CosignedSize);
        _quorum.Set(round.HasQuorum ? 1 : 0);
        foreach (var witness in round.Missing)
        {
            _missing.WithLabels(witness.Name).Inc();
            _logger.WitnessMissing(witness.Name, round.Size, witness.Reason);
        }

        if (!round.HasQuorum)
        {
            _missed.Inc();
            _logger.QuorumMissed(
                round.Cosigned.Count,
                round.Quorum,
                round.Size,
                string.Join("; ", round.Missing.Select(witness => $"{witness.Name}: {witness.Reason}")));
        }
        else if (_last is { HasQuorum: false })
        {
            _logger.QuorumBack(round.Size);
        }

        _last = round;
    }
}
