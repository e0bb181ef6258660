using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Talreg.Evidence.Ledger;

namespace Talreg.Silo.Tests.Witness;

/// <summary>A log on loopback that serves what it is told to, and so may show one client what it shows no other.</summary>
internal sealed class LogServer : IAsyncDisposable
{
    public const string Name = "talreg-0badcafe.default";

    private static readonly byte[] Seed = [.. Enumerable.Repeat((byte)7, 32)];

    private readonly WebApplication _app;
    private readonly LogFiles _files;

    private LogServer(WebApplication app, LogFiles files, LogSigner signer)
    {
        _app = app;
        _files = files;
        Signer = signer;
    }

    public LogSigner Signer { get; }

    public long Size => _files.Head.Size;

    public Uri Url => new(_app.Urls.First());

    /// <summary>What is served as its checkpoint.</summary>
    public string Checkpoint { get; private set; } = "";

    /// <summary>A line of a witness's file of logs.</summary>
    public string Line => $"{Signer.Verifier} {Url}";

    public static async Task<LogServer> StartAsync(string directory)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var published = new PublishedLog(directory);
        var server = new LogServer(app, LogFiles.Open(directory, null), new LogSigner(Name, Seed));
        app.MapGet("/checkpoint", () => Results.Text(server.Checkpoint));
        app.MapGet("/tile/{**path}", (string path) =>
            TilePath.TryParse(path, out var tile) && published.ReadTile(tile) is { } bytes
                ? Results.Bytes(bytes)
                : Results.NotFound());
        await app.StartAsync();
        return server;
    }

    /// <summary>Adds entries; a story tells one history from another.</summary>
    /// <returns>The checkpoint that is served from now on.</returns>
    public string Append(int count, string story = "")
    {
        _files.Append([.. Enumerable.Range(0, count).Select(i => Item(Size + i, story))]);
        Checkpoint = Signer.SignCheckpoint(Size, _files.Head.Root);
        _files.PublishCheckpoint(Checkpoint);
        return Checkpoint;
    }

    /// <summary>Serves an older checkpoint.</summary>
    public void RollBack(string checkpoint) => Checkpoint = checkpoint;

    public IReadOnlyList<byte[]> Prove(long from) => _files.ConsistencyProof(from, Size);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _files.Dispose();
        Signer.Dispose();
    }

    private static LogItem Item(long index, string story)
    {
        var body = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{{\"n\":{index},\"story\":\"{story}\"}}"));
        var opening = new LedgerOpening(new byte[32], body);
        var entry = new LedgerEntry(LedgerEntryType.Gap, index, index, opening.Commitment());
        return new LogItem(entry, opening, MerkleTree.HashLeaf(body));
    }
}
