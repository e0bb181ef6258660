using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Types;
using Talreg.Api.Http;
using Talreg.Contracts.Calls;

namespace Talreg.Api.Calls;

/// <summary>A page of calls as one Arrow record batch.</summary>
internal static class CallArrow
{
    private static readonly TimestampType Millisecond = new(TimeUnit.Millisecond, "UTC");

    public static async ValueTask WriteAsync(
        IReadOnlyList<CallDocument> calls, Stream destination, CancellationToken cancellationToken)
    {
        var batch = Batch(calls);
        using var stream = new ArrowStream(destination, batch.Schema);
        await stream.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
        await stream.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private static RecordBatch Batch(IReadOnlyList<CallDocument> calls)
    {
        var batch = new RecordBatch.Builder();
        batch.Append("id", false, Text(calls, static call => call.Id.ToString()));
        batch.Append("sessionId", false, Text(calls, static call => call.SessionId));
        batch.Append("state", false, Text(calls, static call => Word(call.State)));
        batch.Append("startedAt", false, Times(calls, static call => call.StartedAt));
        batch.Append("endedAt", true, Times(calls, static call => call.EndedAt));
        batch.Append("endReason", true, Text(calls, EndReasonOf));
        batch.Append("channels", false, Lists(calls, static call => call.Channels));
        batch.Append("parties", false, Lists(calls, Parties));
        batch.Append("flags", false, Lists(calls, static call => call.Flags));
        batch.Append("takes", false, Numbers(calls, static call => call.Takes.Count));
        batch.Append("packets", false, Numbers(calls, Packets));
        batch.Append("lost", false, Numbers(calls, Lost));
        return batch.Build();
    }

    private static string? EndReasonOf(CallDocument call) => call.EndReason is { } reason ? Word(reason) : null;

    private static IEnumerable<string> Parties(CallDocument call) =>
        call.Participants.Select(static party => party.Aor);

    private static long Packets(CallDocument call) => Streams(call).Sum(static stream => stream.Packets);

    private static long Lost(CallDocument call) => Streams(call).Sum(static stream => stream.Lost);

    private static IEnumerable<StreamDocument> Streams(CallDocument call) =>
        call.Takes.SelectMany(static take => take.Streams);

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static StringArray Text(IReadOnlyList<CallDocument> calls, Func<CallDocument, string?> select)
    {
        var column = new StringArray.Builder();
        foreach (var call in calls)
        {
            column.Append(select(call));
        }

        return column.Build();
    }

    private static TimestampArray Times(IReadOnlyList<CallDocument> calls, Func<CallDocument, DateTimeOffset?> select)
    {
        var column = new TimestampArray.Builder(Millisecond);
        foreach (var call in calls)
        {
            if (select(call) is { } time)
            {
                column.Append(time);
            }
            else
            {
                column.AppendNull();
            }
        }

        return column.Build();
    }

    private static Int64Array Numbers(IReadOnlyList<CallDocument> calls, Func<CallDocument, long> select)
    {
        var column = new Int64Array.Builder();
        foreach (var call in calls)
        {
            column.Append(select(call));
        }

        return column.Build();
    }

    private static ListArray Lists(IReadOnlyList<CallDocument> calls, Func<CallDocument, IEnumerable<string>> select)
    {
        var column = new ListArray.Builder(StringType.Default);
        var values = (StringArray.Builder)column.ValueBuilder;
        foreach (var call in calls)
        {
            column.Append();
            foreach (var value in select(call))
            {
                values.Append(value);
            }
        }

        return column.Build();
    }
}
