using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using Talreg.State.Postgres;
using Talreg.TestKit.State;

namespace Talreg.State.Tests.Postgres;

/// <summary>A silo on a database of its own, as the program composes it: what Orleans makes of our statements.</summary>
public sealed class PostgresSilo(PostgresServer server) : IAsyncDisposable
{
    private IHost? _host;
    private PostgresDatabase? _database;

    public string ConnectionString { get; private set; } = "";

    public IServiceProvider Services => _host!.Services;

    /// <summary>Starts it, the first time. Called by each test, because a fixture cannot skip one.</summary>
    public async ValueTask StartAsync()
    {
        if (_host is not null)
        {
            return;
        }

        ConnectionString = await server.CreateDatabaseAsync(CancellationToken.None);
        _database = await PostgresDatabase.OpenAsync(
            new PostgresOptions { ConnectionString = ConnectionString }, CancellationToken.None);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = "tests";
                cluster.ServiceId = "talreg";
            });
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
            silo.UseTalregPostgres(_database);
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    /// <summary>Runs a statement on the database.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is { } host)
        {
            await host.StopAsync();
            host.Dispose();
        }

        if (_database is { } database)
        {
            await database.DisposeAsync();
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
