using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Talreg.Benchmarks.Micro;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;

namespace Talreg.Benchmarks.Restart;

/// <summary>
/// Makes what a busy recorder leaves when it is killed: sealed recordings with their leaves, keys and rows, and a journal
/// segment full of calls that nobody ended. Every byte is written by the product's own code.
/// </summary>
internal sealed class RestartData : IAsyncDisposable
{
    /// <summary>Calls in the open segment.</summary>
    internal const int LiveCalls = 500;

    private const int Batch = 500;
    private const int Streams = 2;
    private const long ChunkNs = 200_000_000;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const double Full = 0.97;

    private static readonly DateTimeOffset FirstDay = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromSeconds(20);

    private readonly RecorderHost _host;
    private readonly TakeJournal _journal;
    private readonly RecordingStore _recordings;
    private readonly ILedgerGrain _ledger;
    private readonly ICallIndex _index;
    private readonly JournalProducer _producer;

    private RestartData(RecorderHost host)
    {
        _host = host;
        _journal = host.Services.GetRequiredService<TakeJournal>();
        _recordings = host.Services.GetRequiredService<RecordingStore>();
        _ledger = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>(Names.DefaultTenant);
        _index = host.Services.GetRequiredService<ICallIndex>();
        _producer = _journal.CreateProducer();
    }

    /// <summary>Makes it in a folder.</summary>
    internal static async Task MakeAsync(string folder, RestartOptions options)
    {
        var data = await OpenAsync(folder, options).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            for (var first = 0; first < options.Recordings; first += Batch)
            {
                await data.SealAsync(first, Math.Min(Batch, options.Recordings - first)).ConfigureAwait(false);
                Console.Error.Write($"\r{first + Batch} recordings ");
            }
        }

        // Opened anew, so that the segment holds nothing but live calls.
        data = await OpenAsync(folder, options).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            Console.Error.WriteLine();
            await data.FillAsync(options).ConfigureAwait(false);
        }
    }

    internal static int CountRecordings(string folder) => Directory.EnumerateFiles(
        Path.Combine(folder, "recordings"), "*.trec", SearchOption.AllDirectories).Count();

    public async ValueTask DisposeAsync()
    {
        _producer.Dispose();
        await _host.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<RestartData> OpenAsync(string folder, RestartOptions options)
    {
        var settings = new RecorderSettings
        {
            Data = folder,
            Sip = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            RtpLow = 34_000,
            RtpHigh = 34_099,
            SegmentBytes = options.SegmentBytes,
        };
        var console = new RecorderConsole { SiloOnly = true, LogLevel = LogLevel.Warning };
        var host = await RecorderHost.OpenAsync(settings, console, CancellationToken.None).ConfigureAwait(false);
        await host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        return new RestartData(host);
    }

    private async Task SealAsync(int first, int count)
    {
        var takes = new List<(JournalTake Take, CallAdmitted Admitted)>();
        for (var i = first; i < first + count; i++)
        {
            var at = FirstDay + (i * BetweenCalls);
            var admitted = Admitted(at);
            var take = Open(admitted, at);
            Append(take, 0);
            takes.Add((take, admitted));
        }

        _producer.Flush();
        var requests = await Task.WhenAll(takes.Select(take => RequestAsync(take.Take, take.Admitted)))
            .ConfigureAwait(false);
        var outcomes = await _recordings.SealAllAsync(requests).ConfigureAwait(false);
        await Task.WhenAll(takes.Zip(outcomes).Select(pair =>
            TellAsync(pair.First.Take, pair.First.Admitted, pair.Second.Info ?? throw pair.Second.Failure!)))
            .ConfigureAwait(false);
    }

    private async Task<SealRequest> RequestAsync(JournalTake take, CallAdmitted admitted) => new()
    {
        Take = take,
        Closed = await _journal.CloseTakeAsync(take, (byte)EndReason.Bye).ConfigureAwait(false),
        Descriptor = new JsonObject { ["startMonotonicNs"] = "1" },
        Metadata = new JsonObject
        {
            ["document"] = JsonSerializer.SerializeToNode(CallTransitions.Admit(null, admitted), TalregJson.Options),
        },
    };

    private async Task TellAsync(JournalTake take, CallAdmitted admitted, RecordingInfo info)
    {
        var body = new JsonObject
        {
            ["call"] = admitted.Call.ToString(),
            ["take"] = take.Identity.TakeId.ToString("D"),
            ["tenant"] = admitted.Tenant,
            ["chunks"] = (long)info.Chunks,
            ["chainHead"] = info.ChainHead.ToString(),
            ["contentHash"] = info.ContentHash.ToString(),
            ["startedAt"] = admitted.At.ToUnixTimeMilliseconds(),
            ["endedAt"] = admitted.At.ToUnixTimeMilliseconds(),
            ["endReason"] = "bye",
        };
        await _ledger.AppendAsync(new LedgerEvent(
            LedgerEventKind.Seal, $"seal/{take.Identity.TakeId}", admitted.At, CanonicalJson.Write(body)))
            .ConfigureAwait(false);
        await _index.PutAsync(CallTransitions.Admit(null, admitted), CancellationToken.None).ConfigureAwait(false);
        await _journal.ReleaseAsync(take).ConfigureAwait(false);
    }

    private async Task FillAsync(RestartOptions options)
    {
        var at = TimeProvider.System.GetUtcNow();
        var takes = Enumerable.Range(0, LiveCalls).Select(_ => Open(Admitted(at), at)).ToList();
        var wanted = options.SegmentBytes * Full;
        for (var turn = 0; _journal.Health is var now && now.CommittedBytes + now.BacklogBytes < wanted; turn++)
        {
            foreach (var take in takes)
            {
                Append(take, turn);
            }

            _producer.Flush();
        }

        while (_journal.Health.BacklogBytes > 0)
        {
            await Task.Yield();
        }

        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_journal.Health.CommittedBytes} bytes of {LiveCalls} live calls"));
    }

    private JournalTake Open(CallAdmitted admitted, DateTimeOffset at)
    {
        var identity = new TakeIdentity
        {
            CallId = admitted.Call.Value,
            TakeId = Guid.CreateVersion7(at),
            Tenant = Names.DefaultTenant,
            Site = "site1",
            Epoch = 1,
        };
        return _journal.OpenTake(identity, Facts(identity, admitted));
    }

    private void Append(JournalTake take, int turn)
    {
        for (ushort stream = 0; stream < Streams; stream++)
        {
            var from = turn * ChunkNs;
            var facts = new ChunkFacts
            {
                Stream = stream,
                Slot = (uint)(from / NanosecondsPerSecond),
                Packets = Steps.PacketsPerChunk,
                FirstArrivalNs = from,
                LastArrivalNs = from + ChunkNs - 1,
                RealTimeOffsetNs = FirstDay.ToUnixTimeMilliseconds() * 1_000_000,
            };
            while (!_producer.TryAppendChunk(take, facts, RtpText.Of(stream, turn, from)))
            {
                _producer.Flush();
                Thread.Yield();
            }
        }
    }

    private static CallAdmitted Admitted(DateTimeOffset at) => new(
        new CallId(Guid.CreateVersion7(at)),
        Names.DefaultTenant,
        Guid.NewGuid().ToString("N"),
        ["sip1/1000"],
        at,
        new Verdict
        {
            At = at, Kind = VerdictKind.Record, Policy = "default", Version = 1, Rule = "all", Reason = "all calls",
            Autonomous = false, Retention = TimeSpan.FromDays(1826), Purpose = "benchmark",
        },
        [],
        []);

    // As the gateway opens a take: a start must be able to seal it from the journal alone.
    private static byte[] Facts(TakeIdentity identity, CallAdmitted admitted) => CanonicalJson.Write(new JsonObject
    {
        ["version"] = 1,
        ["tenant"] = identity.Tenant,
        ["site"] = identity.Site,
        ["call"] = identity.CallId.ToString("D"),
        ["take"] = identity.TakeId.ToString("D"),
        ["kind"] = "call",
        ["epoch"] = (long)identity.Epoch,
        ["gateway"] = "gw1",
        ["interface"] = "sip1",
        ["startedAt"] = admitted.At.ToUnixTimeMilliseconds(),
        ["startMonotonicNs"] = "0",
        ["streams"] = new JsonArray([.. Enumerable.Range(0, Streams).Select(i => new JsonObject
        {
            ["index"] = i, ["label"] = $"{i + 1}", ["codec"] = "PCMU", ["payloadType"] = 0, ["clockRate"] = 8000,
            ["participant"] = null,
        })]),
        ["admission"] = JsonSerializer.SerializeToNode(admitted, TalregJson.Options),
    });
}
