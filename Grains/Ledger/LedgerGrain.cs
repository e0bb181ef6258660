using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Bundles;
using Talreg.Evidence.Ledger;

namespace Talreg.Grains.Ledger;

/// <summary>
/// The ledger of a tenant. Appends that arrive while a batch is being written form the next one. Order of a batch: files synced
/// and read back → head swapped in the database → checkpoint signed → published → callers answered. Whatever fails on the way
/// refuses the batch and deactivates the grain; the next activation starts again from the durable head.
/// </summary>
[Reentrant]
public sealed class LedgerGrain : Grain, ILedgerGrain, IDisposable
{
    /// <summary>The most events that wait for their batch; more are refused.</summary>
    public const int MaxQueued = 10_000;

    /// <summary>The longest idempotency key, in characters.</summary>
    public const int MaxKeyLength = 256;

    /// <summary>The most leaves one read gives.</summary>
    public const int MaxRead = 256;

    /// <summary>The most leaves that are proved at once.</summary>
    public const int MaxProved = 256;

    private static readonly TimeSpan SlowBatch = TimeSpan.FromSeconds(1);
    private readonly IPersistentState<LedgerHead> _head;
    private readonly LedgerOptions _options;
    private readonly ILogKeySource _keys;
    private readonly TimeProvider _time;
    private readonly ILogger<LedgerGrain> _logger;
    private readonly Queue<Pending> _queue = new();
    private readonly Dictionary<UInt128, Task<LedgerReceipt>> _underWay = [];
    private readonly RecentKeys _recent = new();
    private LogSigner? _signer;
    private LogFiles? _files;
    private readonly LedgerWitnesses _witnesses;
    private Task _pump = Task.CompletedTask;
    private Task<WitnessRound>? _cosigning;
    private string? _refusal;
    private (long Size, string Note) _checkpoint;
    private (long Size, string Note) _cosigned;
    private (long Size, string Note, byte[]? Token) _stamped;

    /// <summary>Made by the runtime.</summary>
    public LedgerGrain(
        [PersistentState("ledger", "talreg")] IPersistentState<LedgerHead> head,
        LedgerOptions options,
        ILogKeySource keys,
        TimeProvider time,
        ILogger<LedgerGrain> logger)
    {
        _head = head;
        _options = options;
        _keys = keys;
        _time = time;
        _logger = logger;
        ArgumentNullException.ThrowIfNull(options);
        _witnesses = new LedgerWitnesses(options);
    }

    private string Tenant => this.GetPrimaryKeyString();

    /// <inheritdoc />
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var opening = OpenAsync(cancellationToken);
        await opening.ConfigureAwait(
            ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully)
        {
            return;
        }

        // An exception thrown here may be of a type that callers cannot read, and deactivating here would reject the call that
        // activated: the call gets the refusal instead, and the grain goes with it.
        var error = opening.Exception?.GetBaseException() ?? new TaskCanceledException(opening);
        LedgerLog.CannotOpen(_logger, error, Tenant, error.Message);
        _refusal = $"The ledger of {Tenant} cannot be opened: {error.Message}";
    }

    /// <inheritdoc />
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _refusal ??= $"The ledger of {Tenant} is moving; offer the event again.";
        _witnesses.Stop();
        await _pump;
        await ((Task?)_cosigning ?? Task.CompletedTask).ConfigureAwait(
            ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    /// <summary>Releases the log's lock and wipes its key; may be called again.</summary>
    public void Dispose()
    {
        _files?.Dispose();
        _signer?.Dispose();
        _witnesses.Dispose();
    }

    /// <inheritdoc />
    public Task<LedgerReceipt> AppendAsync(LedgerEvent @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        RequireOpen();
        Check(@event);
        var keyHash = SHA256.HashData(Encoding.UTF8.GetBytes(@event.Key));
        var key = RecentKeys.Shorten(keyHash);
        if (_recent.TryGet(key, out var receipt))
        {
            return Task.FromResult(receipt!);
        }

        if (_underWay.TryGetValue(key, out var underWay))
        {
            return underWay;
        }

        if (_queue.Count >= MaxQueued)
        {
            throw new RefusalException(
                RefusalKind.Unavailable, $"The ledger of {Tenant} has {MaxQueued} events waiting; offer it again.");
        }

        var pending = new Pending(@event, keyHash, key);
        _queue.Enqueue(pending);
        _underWay.Add(key, pending.Receipt.Task);
        if (_pump.IsCompleted)
        {
            _pump = PumpAsync();
        }

        return pending.Receipt.Task;
    }

    /// <inheritdoc />
    public Task<string> GetCheckpointAsync()
    {
        RequireOpen();
        return Task.FromResult(_checkpoint.Note);
    }

    /// <inheritdoc />
    public Task<string> GetVerifierKeyAsync() => Task.FromResult(RequireOpen().Signer.Verifier.ToString());

    /// <inheritdoc />
    public async Task<LedgerProof> ProveAsync(long leaf) => (await ProveAllAsync([leaf]))[0];

    /// <inheritdoc />
    public async Task<IReadOnlyList<LedgerProof>> ProveAllAsync(IReadOnlyList<long> leaves)
    {
        var (files, _) = RequireOpen();
        if (leaves is not { Count: > 0 and <= MaxProved })
        {
            throw new RefusalException(RefusalKind.Invalid, $"1 to {MaxProved} leaves are proved at once.");
        }

        var (low, high) = (leaves.Min(), leaves.Max());
        if (low < 0 || high >= _checkpoint.Size)
        {
            throw new RefusalException(
                RefusalKind.NotFound,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The ledger of {Tenant} has no leaf {(low < 0 ? low : high)} in {_checkpoint.Size}."));
        }

        var token = high < _stamped.Size ? _stamped.Token : null;
        var (size, note) = token is not null ? (_stamped.Size, _stamped.Note)
            : high < _cosigned.Size ? _cosigned
            : _checkpoint;
        try
        {
            return await Task.Run(() => leaves.Select(leaf => Prove(files, leaf, size, note, token)).ToList());
        }
        catch (Exception error) when (error is LogException or IOException)
        {
            throw new RefusalException(RefusalKind.Unavailable, $"The ledger of {Tenant}: {error.Message}");
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<LedgerRecord>> ReadAsync(long from)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        var (files, _) = RequireOpen();
        var end = Math.Min(_checkpoint.Size, from + MaxRead);
        try
        {
            return await Task.Run(() => Read(files, from, end));
        }
        catch (Exception error) when (error is LogException or IOException)
        {
            throw new RefusalException(RefusalKind.Unavailable, $"The ledger of {Tenant}: {error.Message}");
        }
    }

    /// <inheritdoc />
    public Task<string> SignManifestAsync(string text)
    {
        var (_, signer) = RequireOpen();

        // Only a manifest: the same key signs checkpoints, and a caller must not be able to have one made.
        if (text is null || !text.StartsWith(Manifest.FirstLine, StringComparison.Ordinal))
        {
            throw new RefusalException(RefusalKind.Invalid, "Only the manifest of a bundle is signed.");
        }

        try
        {
            return Task.FromResult(signer.SignNote(text));
        }
        catch (ArgumentException error)
        {
            throw new RefusalException(RefusalKind.Invalid, error.Message);
        }
    }

    /// <inheritdoc />
    public Task<WitnessRound> CosignAsync()
    {
        var (files, _) = RequireOpen();
        return _cosigning is { IsCompleted: false } ? _cosigning : _cosigning = CosignNewestAsync(files);
    }

    /// <inheritdoc />
    public async Task<long?> TimestampAsync()
    {
        var (files, _) = RequireOpen();
        var (size, note) = _options.WitnessQuorum > 0 ? _cosigned : _checkpoint;
        if (_options.Timestamp is not { } stamp || size <= _stamped.Size)
        {
            return null;
        }

        var token = await stamp(Encoding.UTF8.GetBytes(note), CancellationToken.None);
        RequireOpen();
        try
        {
            await Task.Run(() => files.KeepTimestamp(size, note, token));
        }
        catch (Exception error) when (error is LogException or IOException)
        {
            throw new RefusalException(RefusalKind.Unavailable, $"The ledger of {Tenant}: {error.Message}");
        }

        _stamped = (size, note, token);
        return size;
    }

    private static LedgerProof Prove(LogFiles files, long leaf, long size, string note, byte[]? token)
    {
        var opening = files.ReadOpening(leaf);
        return new LedgerProof(
            leaf,
            size,
            files.ReadEntry(leaf),
            opening.Salt.ToArray(),
            opening.Body.ToArray(),
            files.InclusionProof(leaf, size),
            note,
            token);
    }

    private static List<LedgerRecord> Read(LogFiles files, long from, long end)
    {
        var records = new List<LedgerRecord>();
        foreach (var key in files.ReadKeys(from, (int)Math.Max(0, end - from)))
        {
            if (!LedgerEntry.TryParse(files.ReadEntry(key.Leaf), out var entry, out var reason) || entry is null)
            {
                throw new IOException($"leaf {key.Leaf}: {reason}");
            }

            records.Add(new LedgerRecord(
                key.Leaf,
                (LedgerEventKind)entry.Type,
                new LedgerReceipt(key.Leaf, key.CheckpointSize),
                files.ReadOpening(key.Leaf).Body.ToArray()));
        }

        return records;
    }

    private static void Check(LedgerEvent @event)
    {
        if (!Enum.IsDefined(@event.Kind)
            || @event.Key is not { Length: > 0 and <= MaxKeyLength }
            || @event.Body is not { Length: > 0 and <= LedgerOpening.MaxBodyLength })
        {
            throw new RefusalException(
                RefusalKind.Invalid,
                "An event has a known kind, a key of 1 to 256 characters and a body of 1 byte to 60 KiB.");
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (!Names.IsValid(Tenant))
        {
            throw new RefusalException(RefusalKind.Invalid, $"'{Tenant}' is not the name of a tenant.");
        }

        var key = await _keys.GetOrCreateAsync(Tenant, cancellationToken);
        _signer = new LogSigner($"{_options.LogNamePrefix}-{key.LogId}.{Tenant}", key.Seed);
        CryptographicOperations.ZeroMemory(key.Seed);
        var known = _head.RecordExists ? new LogHead(_head.State.Size, _head.State.Root) : null;
        var directory = Path.Combine(_options.Directory, Tenant);
        _files = await Task.Run(() => LogFiles.Open(directory, known), cancellationToken);
        if (known is null)
        {
            await BeginAsync(_files);
        }

        var from = Math.Max(0, _files.Head.Size - RecentKeys.Capacity);
        foreach (var record in await Task.Run(() => _files.ReadKeys(from, RecentKeys.Capacity), cancellationToken))
        {
            _recent.Add(RecentKeys.Shorten(record.KeyHash.Span), new LedgerReceipt(record.Leaf, record.CheckpointSize));
        }

        _cosigned = await Task.Run(
            () => OfThisLog(_files, _signer.Verifier, _files.ReadCosigned()), cancellationToken);
        if (await Task.Run(_files.ReadTimestamp, cancellationToken) is { } stamped)
        {
            var (size, note) = OfThisLog(_files, _signer.Verifier, stamped.Note);
            _stamped = (size, note, stamped.Token);
        }

        // A crash may have come between head and signature; signing again gives the same bytes.
        await SignAsync(_files, _signer, _files.Head);
        LedgerLog.Opened(_logger, _signer.Name, _files.Head.Size);
    }

    /// <summary>What others have signed must be of this log: else it is not the log that they have seen.</summary>
    private static (long Size, string Note) OfThisLog(LogFiles files, VerifierKey key, string? kept)
    {
        if (kept is not { } note)
        {
            return default;
        }

        return Checkpoint.TryVerify(note, key, out var checkpoint, out var reason)
            && checkpoint.Size <= files.Head.Size
            && checkpoint.Root.Span.SequenceEqual(files.Root(checkpoint.Size))
                ? (checkpoint.Size, note)
                : throw new LogException(
                    LogFault.RootDiffers, $"What others cosigned or stamped is not of this log. {reason}".Trim());
    }

    private async Task<WitnessRound> CosignNewestAsync(LogFiles files)
    {
        var (size, note) = _checkpoint;
        try
        {
            var (cosigned, round) = await _witnesses.CollectAsync(
                note, size, from => files.ConsistencyProof(from, size));
            if (round.Quorum > 0 && round.HasQuorum)
            {
                await Task.Run(() => files.PublishCosigned(cosigned));
                _cosigned = (size, cosigned);
            }

            return round with { CosignedSize = _cosigned.Size };
        }
        catch (Exception error) when (error is LogException or IOException)
        {
            throw new RefusalException(RefusalKind.Unavailable, $"The ledger of {Tenant}: {error.Message}");
        }
    }

    private async Task BeginAsync(LogFiles files)
    {
        if (files.Head.Size > 0)
        {
            throw new LogException(
                LogFault.LongerThanHead,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The database has no head and the files hold {files.Head.Size} entries: restore the database."));
        }

        _head.State = new LedgerHead { Size = 0, Root = files.Head.Root.ToArray() };
        await _head.WriteStateAsync();
    }

    private async Task PumpAsync()
    {
        while (_queue.Count > 0 && _refusal is null)
        {
            var batch = new List<Pending>();
            while (batch.Count < LogFiles.MaxBatch && _queue.TryDequeue(out var pending))
            {
                batch.Add(pending);
            }

            var commit = CommitAsync(batch);
            await commit.ConfigureAwait(
                ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            if (!commit.IsCompletedSuccessfully)
            {
                var error = commit.Exception?.GetBaseException() ?? new TaskCanceledException(commit);
                LedgerLog.AppendFailed(_logger, error, Tenant, batch.Count + _queue.Count);
                Break($"The ledger of {Tenant} failed to append: {error.Message}");
                Refuse(batch);
            }
        }

        Refuse(_queue);
        _queue.Clear();
    }

    private async Task CommitAsync(List<Pending> batch)
    {
        var (files, signer) = RequireOpen();
        var started = _time.GetTimestamp();
        var from = files.Head.Size;
        var head = await Task.Run(() => files.Append([.. batch.Select((pending, i) => pending.ToItem(from + i))]));
        _head.State = new LedgerHead { Size = head.Size, Root = head.Root.ToArray(), Checkpoint = _checkpoint.Note };
        await _head.WriteStateAsync();
        await SignAsync(files, signer, head);
        for (var i = 0; i < batch.Count; i++)
        {
            var receipt = new LedgerReceipt(from + i, head.Size);
            _recent.Add(batch[i].Key, receipt);
            _underWay.Remove(batch[i].Key);
            batch[i].Receipt.SetResult(receipt);
        }

        var took = _time.GetElapsedTime(started);
        if (took > SlowBatch)
        {
            LedgerLog.Slow(_logger, Tenant, (long)took.TotalMilliseconds, batch.Count);
        }
    }

    private async Task SignAsync(LogFiles files, LogSigner signer, LogHead head)
    {
        var note = signer.SignCheckpoint(head.Size, head.Root);
        await Task.Run(() => files.PublishCheckpoint(note));
        _checkpoint = (head.Size, note);
    }

    private (LogFiles Files, LogSigner Signer) RequireOpen()
    {
        if (_refusal is null && _files is not null && _signer is not null)
        {
            return (_files, _signer);
        }

        DeactivateOnIdle();
        throw new RefusalException(RefusalKind.Unavailable, _refusal ?? $"The ledger of {Tenant} is not open.");
    }

    private void Break(string reason)
    {
        _refusal = reason;
        DeactivateOnIdle();
    }

    private void Refuse(IEnumerable<Pending> refused)
    {
        foreach (var pending in refused)
        {
            _underWay.Remove(pending.Key);
            pending.Receipt.SetException(
                new RefusalException(RefusalKind.Unavailable, _refusal ?? $"The ledger of {Tenant} is not open."));
        }
    }

    private sealed record Pending(LedgerEvent Event, byte[] KeyHash, UInt128 Key)
    {
        internal TaskCompletionSource<LedgerReceipt> Receipt { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal LogItem ToItem(long sequence)
        {
            var opening = LedgerOpening.Create(Event.Body);
            var entry = new LedgerEntry(
                (LedgerEntryType)Event.Kind, sequence, Event.At.ToUnixTimeMilliseconds(), opening.Commitment());
            return new LogItem(entry, opening, KeyHash);
        }
    }
}
