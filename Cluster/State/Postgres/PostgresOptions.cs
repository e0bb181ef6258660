using Npgsql;

namespace Talreg.State.Postgres;

/// <summary>Where the cluster's database is and how much of it this process may take.</summary>
public sealed record PostgresOptions
{
    private const int ClientConnections = 2;

    /// <summary>How Npgsql reaches the database; what is said here goes before the limits below.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The cluster's name. A database holds one cluster's state; another's is refused.</summary>
    public string Cluster { get; init; } = "talreg";

    /// <summary>Most connections for membership, reminders and grain state; a further caller waits.</summary>
    public int MaxStateConnections { get; init; } = 20;

    /// <summary>Most connections for the read model; a further caller waits.</summary>
    public int MaxIndexConnections { get; init; } = 10;

    /// <summary>How long a caller waits for a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a statement may run.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a start waits while another process changes the schema.</summary>
    public TimeSpan SchemaTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What a client of the silos connects with: it only reads where they are.</summary>
    internal string ClientConnectionString => Bounded(ClientConnections, "talreg client");

    /// <summary>What Orleans' providers connect with.</summary>
    internal string StateConnectionString => Bounded(MaxStateConnections, "talreg state");

    /// <summary>What the read model and the schema connect with.</summary>
    internal string IndexConnectionString => Bounded(MaxIndexConnections, "talreg index");

    private string Bounded(int connections, string name)
    {
        var given = new NpgsqlConnectionStringBuilder(ConnectionString);
        var bounded = new NpgsqlConnectionStringBuilder(ConnectionString);
        Default("Maximum Pool Size", () => bounded.MaxPoolSize = connections);
        Default("Timeout", () => bounded.Timeout = (int)ConnectTimeout.TotalSeconds);
        Default("Command Timeout", () => bounded.CommandTimeout = (int)CommandTimeout.TotalSeconds);
        Default("Application Name", () => bounded.ApplicationName = name);
        return bounded.ToString();

        void Default(string key, Action set)
        {
            if (!given.ShouldSerialize(key))
            {
                set();
            }
        }
    }
}
