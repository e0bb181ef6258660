using System.Globalization;
using System.Net;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>
/// Reads a log over HTTP as C2SP tlog-tiles serves it. What comes is checked by whoever asked: this only fetches and computes.
/// May be used from several threads.
/// </summary>
/// <param name="http">Fetches; carries the token where the log wants one. Stays the caller's.</param>
/// <param name="prefix">The log's URL prefix.</param>
public sealed class RemoteLog(HttpClient http, Uri prefix)
{
    private const int MaxEntryTileBytes = TilePath.Width * (2 + ushort.MaxValue);

    /// <summary>The newest checkpoint, a signed note.</summary>
    /// <exception cref="HttpRequestException">It cannot be had.</exception>
    public async Task<string> CheckpointAsync(CancellationToken cancellationToken)
    {
        using var response = await GetAsync(PublishedLog.CheckpointFile, cancellationToken).ConfigureAwait(false);
        return await BoundedBody.ReadTextAsync(response, PublishedLog.MaxNoteBytes, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>A tile's bytes.</summary>
    /// <exception cref="HttpRequestException">It cannot be had, or has another length than its width needs.</exception>
    public async Task<byte[]> TileAsync(TileAddress tile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tile);
        var path = TilePath.Of(tile);
        using var response = await GetAsync(path, cancellationToken).ConfigureAwait(false);
        var most = tile.Level is null ? MaxEntryTileBytes : tile.Width * MerkleTree.HashLength;
        var bytes = await BoundedBody.ReadAsync(response, most, cancellationToken).ConfigureAwait(false);
        return tile.Level is null || bytes.Length == most
            ? bytes
            : throw new HttpRequestException(
                string.Create(CultureInfo.InvariantCulture, $"{path} has {bytes.Length} bytes, not {most}."));
    }

    /// <summary>The proof that a smaller tree is a prefix of a larger one, from the larger one's tiles.</summary>
    /// <param name="first">The smaller size.</param>
    /// <param name="second">The larger size, which the log has published.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpRequestException">A tile cannot be had.</exception>
    public Task<IReadOnlyList<byte[]>> ConsistencyProofAsync(
        long first, long second, CancellationToken cancellationToken) =>
        ComputeAsync(second, nodes => MerkleTree.ConsistencyProof(nodes, first, second), cancellationToken);

    /// <summary>The audit path of a leaf, from the tiles.</summary>
    /// <exception cref="HttpRequestException">A tile cannot be had.</exception>
    public Task<IReadOnlyList<byte[]>> InclusionProofAsync(
        long leaf, long size, CancellationToken cancellationToken) =>
        ComputeAsync(size, nodes => MerkleTree.InclusionProof(nodes, leaf, size), cancellationToken);

    /// <summary>The root of the first entries, from the tiles.</summary>
    /// <exception cref="HttpRequestException">A tile cannot be had.</exception>
    public Task<byte[]> RootAsync(long size, CancellationToken cancellationToken) =>
        ComputeAsync(size, nodes => MerkleTree.Root(nodes, size), cancellationToken);

    /// <summary>Which nodes are needed does not depend on what they hold: a first pass names the tiles, a second one computes.</summary>
    private async Task<T> ComputeAsync<T>(
        long size, Func<IMerkleNodes, T> compute, CancellationToken cancellationToken)
    {
        var nodes = new FetchedNodes(size);
        var result = compute(nodes);
        while (nodes.Missing.Count > 0)
        {
            foreach (var tile in nodes.Missing.ToList())
            {
                nodes.Add(tile, await TileAsync(tile, cancellationToken).ConfigureAwait(false));
            }

            result = compute(nodes);
        }

        return result;
    }

    private async Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancellationToken)
    {
        var target = new Uri($"{prefix.AbsoluteUri.TrimEnd('/')}/{path}");
        var response = await http.GetAsync(target, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return response;
        }

        using (response)
        {
            throw new HttpRequestException(
                string.Create(CultureInfo.InvariantCulture, $"{target} answered {(int)response.StatusCode}."),
                inner: null,
                response.StatusCode);
        }
    }

    private sealed class FetchedNodes(long size) : IMerkleNodes
    {
        private const int LevelsPerTile = 8;
        private readonly Dictionary<TileAddress, byte[]> _tiles = [];

        public HashSet<TileAddress> Missing { get; } = [];

        public void Add(TileAddress tile, byte[] hashes)
        {
            _tiles.Add(tile, hashes);
            Missing.Remove(tile);
        }

        public byte[] Node(int level, long index)
        {
            var height = level % LevelsPerTile;
            var first = index << height;
            var tile = Tile(level / LevelsPerTile, first / TilePath.Width);
            if (!_tiles.TryGetValue(tile, out var hashes))
            {
                Missing.Add(tile);
                return new byte[MerkleTree.HashLength];
            }

            var from = (int)(first % TilePath.Width) * MerkleTree.HashLength;
            return TileNodes.SubtreeRoot(hashes.AsSpan(from, MerkleTree.HashLength << height));
        }

        private TileAddress Tile(int level, long number)
        {
            var there = (size >> (level * LevelsPerTile)) - (number * TilePath.Width);
            return new TileAddress(level, number, (int)Math.Min(TilePath.Width, there));
        }
    }
}
