using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Admission;

/// <summary>
/// Asks the channel for its verdict, and decides alone when the answer does not come in time: by the last verdict
/// known for the line, else by recording. A call that must be recorded is never refused because the cluster is slow.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class Admitter(
    IGrainFactory grains, GatewayOptions options, TimeProvider clock, ILogger<Admitter> logger)
{
    /// <summary>The most lines whose last verdict is remembered; the fail-safe decides for any further ones.</summary>
    public const int MaxRememberedLines = 100_000;

    private readonly ConcurrentDictionary<string, Verdict> _last = new(StringComparer.Ordinal);

    /// <summary>Told of every admission, on the thread that asked for it; must not wait or throw.</summary>
    public Action<AdmissionOutcome>? Decided { get; set; }

    /// <summary>The admission of an offer; its verdict says whether it was given <c>autonomous</c>.</summary>
    public async Task<Contracts.Gateways.Admission> AdmitAsync(CallOffer offer, CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        Contracts.Gateways.Admission admission;
        try
        {
            admission = await AskAsync(offer)
                .WaitAsync(options.AdmissionDeadline, clock, cancellationToken).ConfigureAwait(false);
            Remember(offer.Line, admission.Verdict);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            logger.AdmittedAlone(offer.Interface, offer.Line, e);
            admission = Alone(offer);
        }

        Decided?.Invoke(new AdmissionOutcome(
            admission.Verdict.Kind, admission.Verdict.Autonomous, clock.GetElapsedTime(asked)));
        return admission;
    }

    /// <summary>
    /// Asks again for an offer that was admitted alone; the answer is only kept for the line's next call.
    /// </summary>
    public async Task<Contracts.Gateways.Admission> AskAsync(CallOffer offer) => await grains
        .GetGrain<IChannelGrain>(Names.Channel(offer.Tenant, offer.Interface, offer.Line))
        .AdmitAsync(offer).ConfigureAwait(false);

    private void Remember(string line, Verdict verdict)
    {
        if (_last.Count < MaxRememberedLines || _last.ContainsKey(line))
        {
            _last[line] = verdict;
        }
    }

    private Contracts.Gateways.Admission Alone(CallOffer offer)
    {
        var verdict = _last.TryGetValue(offer.Line, out var last)
            ? last with { At = offer.At, Autonomous = true }
            : new Verdict
            {
                At = offer.At,
                Kind = VerdictKind.Record,
                Policy = "fail-safe",
                Version = 0,
                Rule = "record",
                Reason = "the cluster did not answer in time and no verdict is known for this line",
                Autonomous = true,
                Retention = TimeSpan.FromDays(1826),
                Purpose = "recorded until the cluster has decided",
            };
        var admitted = new CallAdmitted(
            offer.Proposed,
            offer.Tenant,
            offer.SessionId,
            [$"{offer.Interface}/{offer.Line}"],
            offer.At,
            verdict,
            offer.Participants,
            [.. offer.Flags, CallFlags.Autonomous])
        {
            Attributes = offer.Attributes,
        };
        return new Contracts.Gateways.Admission(offer.Proposed, verdict, admitted)
        {
            DigitsSuppressed = verdict.Digits == DigitHandling.Suppress,
        };
    }
}
