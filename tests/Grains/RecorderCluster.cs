using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Evidence.Ledger;
using Talreg.Grains.Interfaces;
using Talreg.Grains.Ledger;

namespace Talreg.Grains.Tests;

/// <summary>One silo with every grain, the real ledger in a folder of its own, and a read model in memory.</summary>
public sealed class RecorderCluster : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("talreg-grains-").FullName;
    private InProcessTestCluster _cluster = null!;

    public MemoryIndex Index { get; } = new();

    /// <summary>The clock of the grains; may be set ahead.</summary>
    public ShiftedClock Clock { get; } = new();

    public IClusterClient Client => _cluster.Client;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddMemoryGrainStorage(GrainsOptions.Storage, storage => storage.Configure<Serializer>(
                (options, serializer) =>
                    options.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer)));
            silo.Services.AddSingleton<TimeProvider>(Clock);
            silo.Services.AddSingleton(new GrainsOptions());
            silo.Services.AddSingleton<ICallIndex>(Index);
            silo.Services.AddSingleton(new LedgerOptions { Directory = _directory });
            silo.Services.AddSingleton<ILogKeySource, FixedKeys>();
            silo.Services.AddSingleton<IHeartbeatKeys, NamedKeys>();
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    public Task DeactivateAsync() =>
        Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    public static CallOffer Offer(string tenant, string line, string session) => new(
        CallId.New(DateTimeOffset.UnixEpoch),
        tenant,
        session,
        "sip1",
        line,
        line,
        "200",
        CallDirection.Unknown,
        [new Participant { Id = "p1", Aor = $"sip:{line}@example.com" }],
        [],
        DateTimeOffset.UnixEpoch.AddYears(50));

    public sealed class MemoryIndex : ICallIndex
    {
        public ConcurrentDictionary<CallId, CallDocument> Calls { get; } = [];

        /// <summary>Calls of a tenant whose next row cannot be written, once.</summary>
        public ConcurrentDictionary<string, bool> Failing { get; } = new(StringComparer.Ordinal);

        public ValueTask PutAsync(CallDocument call, CancellationToken cancellationToken)
        {
            if (Failing.TryRemove(call.Tenant, out _))
            {
                throw new IOException("The read model is away.");
            }

            Calls[call.Id] = call;
            return ValueTask.CompletedTask;
        }

        public ValueTask<CallPage> SearchAsync(CallQuery query, CancellationToken cancellationToken)
        {
            var skip = int.Parse(query.Cursor ?? "0", CultureInfo.InvariantCulture);
            var found = Calls.Values
                .Where(call => call.Tenant == query.Tenant && call.StartedAt >= query.From && call.StartedAt < query.To)
                .OrderByDescending(call => call.StartedAt)
                .ToList();
            var next = skip + query.Limit;
            return ValueTask.FromResult(new CallPage(
                [.. found.Skip(skip).Take(query.Limit)],
                next < found.Count ? next.ToString(CultureInfo.InvariantCulture) : null));
        }

        public ValueTask ClearAsync(CancellationToken cancellationToken)
        {
            Calls.Clear();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class NamedKeys : IHeartbeatKeys
    {
        public ReadOnlyMemory<byte> KeyOf(string interfaceKey) => Encoding.ASCII.GetBytes(interfaceKey.PadRight(32));
    }

    /// <summary>The system's clock, set ahead by what a test says; timers run as ever.</summary>
    public sealed class ShiftedClock : TimeProvider
    {
        private long _aheadTicks;

        public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);

        public override DateTimeOffset GetUtcNow() =>
            base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks));
    }

    private sealed class FixedKeys : ILogKeySource
    {
        public Task<LogKey> GetOrCreateAsync(string tenant, CancellationToken cancellationToken) =>
            Task.FromResult(new LogKey([.. Encoding.ASCII.GetBytes(tenant.PadRight(32))], "0badcafe"));
    }
}
