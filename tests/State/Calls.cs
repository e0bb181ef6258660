using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.State.Tests;

/// <summary>Calls for the tests of the read model.</summary>
internal static class Calls
{
    public static readonly DateTimeOffset Epoch = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    public static CallDocument Make(
        DateTimeOffset at, string party, string channel = "sip1/0812345", string tenant = "default",
        CallState state = CallState.Sealed) => new()
        {
            Id = CallId.New(at),
            Tenant = tenant,
            SessionId = "c2Vzc2lvbg==",
            Channels = [channel],
            State = state,
            StartedAt = at,
            EndedAt = at.AddSeconds(61.5),
            EndReason = EndReason.Bye,
            Verdicts =
            [
                new Verdict
                {
                    At = at, Kind = VerdictKind.Record, Policy = "default", Version = 1, Rule = "all",
                    Reason = "rule 'all': matches every call", Autonomous = false,
                    Retention = TimeSpan.FromDays(1826), Purpose = "all calls are recorded",
                },
            ],
            Participants = [new Participant { Id = "p1", Aor = party, Name = "Ann" }],
            Takes =
            [
                new TakeDocument
                {
                    Id = TakeId.New(at), Gateway = "gw1", Epoch = 3, Sealed = true, CommittedChunks = 12,
                    Streams =
                    [
                        new StreamDocument { Index = 0, Label = "1", Codec = "PCMA", Packets = 50, FirstAt = at },
                    ],
                },
            ],
            Evidence = new EvidenceDocument(41, 42),
        };
}
