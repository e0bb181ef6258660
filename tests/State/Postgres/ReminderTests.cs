using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Talreg.State.Tests.Postgres;

public sealed class ReminderTests(PostgresSilo silo) : IClassFixture<PostgresSilo>, IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 3, 1, 8, 0, 0, DateTimeKind.Utc);

    private IReminderTable Table => silo.Services.GetRequiredService<IReminderTable>();

    public ValueTask InitializeAsync() => silo.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task UpsertRow_then_ReadRow_gives_the_same_and_every_change_another_etag()
    {
        var entry = Entry("one", "daily", TimeSpan.FromDays(40));
        var first = await Table.UpsertRow(entry);
        entry.Period = TimeSpan.FromMinutes(2);
        var second = await Table.UpsertRow(entry);
        Assert.NotEqual(first, second);
        var read = await Table.ReadRow(entry.GrainId, "daily");
        Assert.NotNull(read);
        Assert.Equal((entry.GrainId, Start), (read.GrainId, read.StartAt));
        Assert.Equal((entry.Period, second), (read.Period, read.ETag));
    }

    [Fact]
    public async Task RemoveRow_with_an_old_etag_is_refused()
    {
        var entry = Entry("two", "daily", TimeSpan.FromDays(1));
        var old = await Table.UpsertRow(entry);
        var current = await Table.UpsertRow(entry);
        Assert.False(await Table.RemoveRow(entry.GrainId, "daily", old!));
        Assert.NotNull(await Table.ReadRow(entry.GrainId, "daily"));
        Assert.True(await Table.RemoveRow(entry.GrainId, "daily", current!));
        Assert.Null(await Table.ReadRow(entry.GrainId, "daily"));
    }

    [Fact]
    public async Task ReadRows_of_two_halves_of_the_ring_gives_each_reminder_once()
    {
        var grains = Enumerable.Range(0, 20).Select(n => Entry($"ring-{n}", "r", TimeSpan.FromHours(1))).ToList();
        foreach (var entry in grains)
        {
            await Table.UpsertRow(entry);
        }

        const uint Low = 0x40000000;
        const uint High = 0xC0000000;
        var inside = await Table.ReadRows(Low, High);
        var outside = await Table.ReadRows(High, Low);
        var found = inside.Reminders.Concat(outside.Reminders).Where(r => r.ReminderName == "r").ToList();
        Assert.Equal(20, found.Count);
        Assert.Equal(20, found.Select(r => r.GrainId).Distinct().Count());
        Assert.All(inside.Reminders, r => Assert.InRange(r.GrainId.GetUniformHashCode(), Low + 1, High));
        Assert.Single((await Table.ReadRows(grains[0].GrainId)).Reminders);
    }

    private static ReminderEntry Entry(string grain, string name, TimeSpan period) => new()
    {
        GrainId = GrainId.Create("test", grain), ReminderName = name, StartAt = Start, Period = period,
    };
}
