using System.Runtime.CompilerServices;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Evidence.Keys;
using Talreg.Store;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Recordings;

/// <summary>
/// Recordings of this node's gateway, read from its folder by the silo beside it. Those of other nodes' gateways are refused by
/// name: they are served by the silos there.
/// </summary>
/// <param name="folder">The gateway's data folder; null where the silo has no gateway beside it.</param>
/// <param name="gateway">The gateway's name.</param>
/// <param name="grains">The cluster.</param>
internal sealed class NodeMedia(string? folder, string gateway, IGrainFactory grains) : IRecordedMedia, IDisposable
{
    private readonly Lock _gate = new();
    private RootKey? _root;
    private RecordedMedia? _media;

    /// <inheritdoc />
    public ValueTask<IAudioRendering?> OpenAudioAsync(CallDocument call, CancellationToken cancellationToken) =>
        Of(call).OpenAudioAsync(call, cancellationToken);

    /// <inheritdoc />
    public ValueTask<IEvidenceBundle?> BuildBundleAsync(CallDocument call, CancellationToken cancellationToken) =>
        Of(call).BuildBundleAsync(call, cancellationToken);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<TakeMedia>?> ReadMediaAsync(
        CallDocument call, CancellationToken cancellationToken) =>
        Of(call).ReadMediaAsync(call, cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<RecordedPacket> ReadPacketsAsync(
        CallDocument call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var packet in Of(call).ReadPacketsAsync(call, cancellationToken).ConfigureAwait(false))
        {
            yield return packet;
        }
    }

    /// <inheritdoc />
    public ValueTask WritePcapngAsync(CallDocument call, Stream destination, CancellationToken cancellationToken) =>
        Of(call).WritePcapngAsync(call, destination, cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _root?.Dispose();

    private RecordedMedia Of(CallDocument call)
    {
        var elsewhere = call.Takes.FirstOrDefault(take => folder is null || take.Gateway != gateway);
        return elsewhere is null
            ? Open(folder!)
            : throw new RefusalException(
                RefusalKind.Unavailable,
                $"Take {elsewhere.Id} lies with gateway {elsewhere.Gateway}; ask a silo of its node.");
    }

    // Not before it is asked for: the gateway may make its folder after this silo has started.
    private RecordedMedia Open(string path)
    {
        lock (_gate)
        {
            if (_media is { } media)
            {
                return media;
            }

            try
            {
                var keys = Path.Combine(path, "keys");
                _root = RootKey.Load(Path.Combine(keys, "root.key"));
                return _media = new RecordedMedia(
                    new RecordingStore(path, new FileKeyReader(keys, _root)), grains);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException)
            {
                throw new RefusalException(
                    RefusalKind.Unavailable, $"The folder of gateway {gateway} cannot be read here: {e.Message}");
            }
        }
    }
}
