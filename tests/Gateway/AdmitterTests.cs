using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Orleans;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Admission;
using Talreg.Gateway.Sessions;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

public sealed class AdmitterTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Now);
    private readonly IChannelGrain _channel = Substitute.For<IChannelGrain>();
    private readonly Admitter _admitter;

    public AdmitterTests()
    {
        var grains = Substitute.For<IGrainFactory>();
        grains.GetGrain<IChannelGrain>("default/sip1/100").Returns(_channel);
        _admitter = new Admitter(grains, Sample.Options, _clock, NullLogger<Admitter>.Instance);
    }

    [Fact]
    public async Task Admit_without_an_answer_or_a_verdict_known_records_by_the_fail_safe()
    {
        var never = new TaskCompletionSource<Contracts.Gateways.Admission>();
        _channel.AdmitAsync(Arg.Any<CallOffer>()).Returns(never.Task);
        var offer = Offer();
        var asked = _admitter.AdmitAsync(offer, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(asked.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var alone = await asked;
        Assert.Equal((VerdictKind.Record, "fail-safe", true), Told(alone));
        Assert.Equal(offer.Proposed, alone.Call);
        Assert.Equal([CallFlags.Autonomous], alone.Admitted.Flags);
    }

    [Fact]
    public async Task Admit_without_an_answer_follows_the_last_verdict_of_the_line()
    {
        var offer = Offer();
        var verdict = Sample.Verdict with { Kind = VerdictKind.OnDemand };
        var admitted = new CallAdmitted(offer.Proposed, "default", "s", ["sip1/100"], Now, verdict, [], []);
        _channel.AdmitAsync(offer).Returns(new Contracts.Gateways.Admission(offer.Proposed, verdict, admitted));
        var first = await _admitter.AdmitAsync(offer, TestContext.Current.CancellationToken);
        Assert.Equal((VerdictKind.OnDemand, "default", false), Told(first));
        var later = offer with { At = Now.AddHours(1) };
        _channel.AdmitAsync(later).Returns(Task.FromException<Contracts.Gateways.Admission>(
            new RefusalException(RefusalKind.Unavailable, "no storage")));
        var alone = await _admitter.AdmitAsync(later, TestContext.Current.CancellationToken);
        Assert.Equal((VerdictKind.OnDemand, "default", true), Told(alone));
        Assert.Equal(later.At, alone.Verdict.At);
    }

    [Fact]
    public async Task Report_that_fails_is_made_again_before_the_next()
    {
        var reporter = new ClusterReporter(
            new CallId(Guid.NewGuid()), _clock, NullLogger.Instance, TestContext.Current.CancellationToken);
        var heard = new List<string>();
        var tries = 0;
        var first = reporter.ReportAsync(() =>
        {
            heard.Add($"first-{++tries}");
            return tries < 3 ? Task.FromException(new TimeoutException()) : Task.CompletedTask;
        });
        var second = reporter.ReportAsync(() =>
        {
            heard.Add("second");
            return Task.CompletedTask;
        });
        Assert.False(second.IsCompleted);
        await Wait.UntilAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(100));
                return second.IsCompleted;
            },
            "both reports to be heard",
            cancellationToken: TestContext.Current.CancellationToken);
        await first;
        Assert.Equal(["first-1", "first-2", "first-3", "second"], heard);
    }

    private static (VerdictKind Kind, string Policy, bool Autonomous) Told(Contracts.Gateways.Admission admission) =>
        (admission.Verdict.Kind, admission.Verdict.Policy, admission.Verdict.Autonomous);

    private static CallOffer Offer() => new(
        CallId.New(Now), "default", "s", "sip1", "100", "100", "200", CallDirection.Unknown, [], [], Now);
}
