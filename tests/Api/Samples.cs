using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Tests;

internal static class Samples
{
    public const string Id = "01932f6e-5c00-7000-8000-000000000001";

    public static readonly DateTimeOffset At = new(2026, 11, 23, 19, 0, 0, TimeSpan.Zero);

    public static readonly TakeId Take = new(Guid.Parse("01932f6e-5c00-7000-8000-000000000002"));

    public static CallDocument Call { get; } = new()
    {
        Id = new CallId(Guid.Parse(Id)),
        Tenant = "default",
        SessionId = "session-1",
        Channels = ["sip/1001"],
        State = CallState.Sealed,
        StartedAt = At,
        EndedAt = At.AddSeconds(5),
        EndReason = EndReason.Bye,
        Verdicts =
        [
            new Verdict
            {
                At = At,
                Kind = VerdictKind.Record,
                Policy = "default",
                Version = 1,
                Rule = "all",
                Reason = "matches everything",
                Autonomous = false,
                Retention = TimeSpan.FromDays(1826),
                Purpose = "recording",
            },
        ],
        Participants = [new Participant { Id = "p1", Aor = "sip:+4930123@example.org", Name = "<b>Ann</b>" }],
        Flags = [CallFlags.PacketsLost],
        Takes =
        [
            new TakeDocument
            {
                Id = Take,
                Gateway = "g1",
                Epoch = 3,
                Sealed = true,
                CommittedChunks = 4,
                Streams = [new StreamDocument { Index = 0, Label = "1", Codec = "PCMA", Packets = 10, Lost = 2 }],
            },
        ],
        Evidence = new EvidenceDocument(7, 8),
    };
}
