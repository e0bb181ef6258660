using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Talreg.State.Tests.Postgres;

/// <summary>Orleans' membership protocol on our statements: whoever changes an old version changes nothing.</summary>
public sealed class MembershipTests(PostgresSilo silo) : IClassFixture<PostgresSilo>, IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 3, 1, 8, 0, 0, DateTimeKind.Utc);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IMembershipTable Table => silo.Services.GetRequiredService<IMembershipTable>();

    public ValueTask InitializeAsync() => silo.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Silo_that_runs_stands_in_the_table_with_the_port_for_clients()
    {
        var all = await Table.ReadAllAsync(Token);
        var own = silo.Services.GetRequiredService<ILocalSiloDetails>();
        var (row, _) = all.Members.Single(member => member.Item1.SiloAddress.Equals(own.SiloAddress));
        Assert.Equal(SiloStatus.Active, row.Status);
        Assert.Equal(own.GatewayAddress.Endpoint.Port, row.ProxyPort);
        Assert.Equal(own.Name, row.SiloName);
        Assert.True(all.Version.Version > 0);
    }

    [Fact]
    public async Task InsertRow_raises_the_version_once_and_the_row_reads_as_written()
    {
        var entry = Entry(1);
        var before = await Table.ReadAllAsync(Token);
        Assert.True(await Table.InsertRowAsync(entry, before.Version.Next(), Token));
        var row = await Table.ReadRowAsync(entry.SiloAddress, Token);
        Assert.Equal(before.Version.Version + 1, row.Version.Version);
        var read = Assert.Single(row.Members).Item1;
        Assert.Equal(entry.SiloAddress, read.SiloAddress);
        Assert.Equal(entry.HostName, read.HostName);
        Assert.Equal(entry.StartTime, read.StartTime);
        Assert.Equal(entry.IAmAliveTime, read.IAmAliveTime);
        Assert.False(await Table.InsertRowAsync(entry, row.Version.Next(), Token));
        Assert.Equal(row.Version.Version, (await Table.ReadAllAsync(Token)).Version.Version);
    }

    [Fact]
    public async Task InsertRow_by_eight_silos_from_one_version_lets_exactly_one_win()
    {
        for (var round = 0; round < 10; round++)
        {
            var version = (await Table.ReadAllAsync(Token)).Version.Next();
            var first = 100 + (8 * round);
            var won = await Task.WhenAll(Enumerable.Range(first, 8).Select(
                n => Task.Run(() => Table.InsertRowAsync(Entry(n), version, Token))));
            Assert.Single(won, yes => yes);
        }
    }

    [Fact]
    public async Task UpdateRow_from_an_old_version_changes_nothing_and_from_the_newest_all_of_it()
    {
        var entry = Entry(2);
        var old = (await Table.ReadAllAsync(Token)).Version.Next();
        Assert.True(await Table.InsertRowAsync(entry, old, Token));
        entry.Status = SiloStatus.Dead;
        entry.AddSuspector(Entry(3).SiloAddress, Start);
        Assert.False(await Table.UpdateRowAsync(entry, old.VersionEtag, old, Token));
        var row = await Table.ReadRowAsync(entry.SiloAddress, Token);
        Assert.Equal(SiloStatus.Joining, row.Members[0].Item1.Status);
        Assert.True(await Table.UpdateRowAsync(entry, row.Members[0].Item2, row.Version.Next(), Token));
        var read = (await Table.ReadRowAsync(entry.SiloAddress, Token)).Members[0].Item1;
        Assert.Equal(SiloStatus.Dead, read.Status);
        Assert.Equal(Entry(3).SiloAddress, Assert.Single(read.SuspectTimes!).Item1);
    }

    [Fact]
    public async Task UpdateIAmAlive_moves_forward_only_and_leaves_the_version()
    {
        var entry = Entry(4);
        Assert.True(await Table.InsertRowAsync(entry, (await Table.ReadAllAsync(Token)).Version.Next(), Token));
        var version = (await Table.ReadAllAsync(Token)).Version.Version;
        entry.IAmAliveTime = Start.AddMinutes(5);
        await Table.UpdateIAmAliveAsync(entry, Token);
        entry.IAmAliveTime = Start.AddMinutes(1);
        await Table.UpdateIAmAliveAsync(entry, Token);
        var row = await Table.ReadRowAsync(entry.SiloAddress, Token);
        Assert.Equal(Start.AddMinutes(5), row.Members[0].Item1.IAmAliveTime);
        Assert.Equal(version, row.Version.Version);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_removes_the_long_dead_only()
    {
        var (dead, alive) = (Entry(5), Entry(6));
        Assert.True(await Table.InsertRowAsync(dead, (await Table.ReadAllAsync(Token)).Version.Next(), Token));
        Assert.True(await Table.InsertRowAsync(alive, (await Table.ReadAllAsync(Token)).Version.Next(), Token));
        dead.Status = SiloStatus.Dead;
        var row = await Table.ReadRowAsync(dead.SiloAddress, Token);
        Assert.True(await Table.UpdateRowAsync(dead, row.Members[0].Item2, row.Version.Next(), Token));
        await Table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Start.AddSeconds(-1)), Token);
        Assert.Single((await Table.ReadRowAsync(dead.SiloAddress, Token)).Members);
        await Table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Start.AddDays(1)), Token);
        Assert.Empty((await Table.ReadRowAsync(dead.SiloAddress, Token)).Members);
        Assert.Single((await Table.ReadRowAsync(alive.SiloAddress, Token)).Members);
    }

    private static MembershipEntry Entry(int number) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 10_000 + number), 1),
        SiloName = $"silo{number}",
        HostName = "test",
        Status = SiloStatus.Joining,
        ProxyPort = 0,
        StartTime = Start,
        IAmAliveTime = Start,
        SuspectTimes = [],
    };
}
