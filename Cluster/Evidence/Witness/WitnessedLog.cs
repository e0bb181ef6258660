using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>What a witness says to a checkpoint.</summary>
public enum Sighting
{
    /// <summary>It is consistent with all that was seen before, is remembered, and is cosigned.</summary>
    Accepted,

    /// <summary>It is older than what was asked from; nobody lied, but it is not cosigned.</summary>
    OldSizeDiffers,

    /// <summary>The log did not sign it.</summary>
    NotSigned,

    /// <summary>It does not read, or its proof cannot be for it.</summary>
    Malformed,

    /// <summary>The proof does not lead from what was seen to it.</summary>
    Inconsistent,

    /// <summary>The log shows a tree smaller than one that was seen: entries are gone.</summary>
    Shrunk,

    /// <summary>The log signed two roots for one size. Both notes are kept: they prove it to anyone.</summary>
    Forked,
}

/// <summary>
/// What a witness remembers of one log: the largest checkpoint it has cosigned, in a file that is replaced whole and synced before
/// a cosignature leaves. Thread-safe; blocks on the device.
/// </summary>
/// <remarks>
/// The files are named by <c>SHA-256(origin)</c>: <c>{hash}</c> holds the checkpoint with this witness's cosignature,
/// <c>{hash}.fork</c> the two notes of a fork. A log that forked is never cosigned again while that file is there.
/// </remarks>
public sealed class WitnessedLog
{
    private readonly Lock _gate = new();
    private readonly Cosigner _cosigner;
    private readonly TimeProvider _time;
    private readonly string _file;
    private Checkpoint? _seen;
    private string? _note;

    private WitnessedLog(string directory, VerifierKey log, Cosigner cosigner, TimeProvider time)
    {
        _cosigner = cosigner;
        _time = time;
        Key = log;
        Id = IdOf(log.Name);
        _file = Path.Combine(directory, Id);
    }

    /// <summary>The log's key.</summary>
    public VerifierKey Key { get; }

    /// <summary><c>SHA-256(origin)</c>, hexadecimal.</summary>
    public string Id { get; }

    /// <summary>Where the two notes of a fork are kept.</summary>
    public string ForkFile => _file + ".fork";

    /// <summary>True when the log was seen to sign two roots for one size.</summary>
    public bool IsForked => File.Exists(ForkFile);

    /// <summary>The size seen last; 0 for none.</summary>
    public long Size
    {
        get
        {
            lock (_gate)
            {
                return _seen?.Size ?? 0;
            }
        }
    }

    /// <summary>The largest checkpoint seen, with this witness's cosignature; null for none.</summary>
    public string? Note
    {
        get
        {
            lock (_gate)
            {
                return _note;
            }
        }
    }

    /// <summary>The id of a log.</summary>
    public static string IdOf(string origin) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    /// <summary>Takes up what was seen before.</summary>
    /// <param name="directory">The witness's; made when absent.</param>
    /// <param name="log">The log's key.</param>
    /// <param name="cosigner">The witness's key; stays the caller's.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="LogException">What was kept does not read as a checkpoint of that log: a witness that forgot must not begin anew
    /// unseen.</exception>
    public static WitnessedLog Open(string directory, VerifierKey log, Cosigner cosigner, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(log);
        DurableFile.CreateDirectory(Path.GetFullPath(directory));
        var opened = new WitnessedLog(Path.GetFullPath(directory), log, cosigner, time);
        if (!File.Exists(opened._file))
        {
            return opened;
        }

        var note = File.ReadAllText(opened._file, Encoding.UTF8);
        if (!Checkpoint.TryVerify(note, log, out var seen, out var reason))
        {
            throw new LogException(LogFault.Corrupt, $"{opened._file} is no checkpoint of {log.Name}: {reason}.");
        }

        (opened._seen, opened._note) = (seen, note);
        return opened;
    }

    /// <summary>Answers a log that asks for a cosignature (C2SP tlog-witness).</summary>
    /// <param name="request">What it sent.</param>
    /// <param name="line">The cosignature, a line with its end; empty unless accepted.</param>
    public Sighting Add(AddCheckpoint request, out string line)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_gate)
        {
            return Judge(request, isReading: false, out line);
        }
    }

    /// <summary>Judges what the log shows to those who read it.</summary>
    /// <param name="note">Its newest checkpoint.</param>
    /// <param name="from">The size that was seen before it was asked.</param>
    /// <param name="proof">From that size to the note's, when the note's is larger.</param>
    public Sighting Read(string note, long from, IReadOnlyList<byte[]> proof)
    {
        lock (_gate)
        {
            return Judge(new AddCheckpoint(from, proof, note), isReading: true, out _);
        }
    }

    /// <summary>Holds a checkpoint that somebody else was shown against what was seen here. Nothing is cosigned.</summary>
    /// <param name="note">A checkpoint with the log's signature.</param>
    /// <param name="size">The size seen here when the proof was fetched.</param>
    /// <param name="proof">From the smaller to the larger of the two, as the log gives it here.</param>
    public Sighting Compare(string note, long size, IReadOnlyList<byte[]> proof)
    {
        lock (_gate)
        {
            if (!Checkpoint.TryVerify(note, Key, out var other, out _))
            {
                return Sighting.NotSigned;
            }

            if (_seen is not { } seen || seen.Size != size)
            {
                return Sighting.OldSizeDiffers;
            }

            if (IsFork(seen, other, note))
            {
                return Sighting.Forked;
            }

            var (small, large) = other.Size < seen.Size ? (other, seen) : (seen, other);
            return MerkleProof.VerifyConsistency(small.Size, large.Size, small.Root.Span, large.Root.Span, proof)
                ? Sighting.Accepted
                : Sighting.Inconsistent;
        }
    }

    private Sighting Judge(AddCheckpoint request, bool isReading, out string line)
    {
        line = string.Empty;
        if (!Checkpoint.TryVerify(request.Note, Key, out var offered, out _))
        {
            return Sighting.NotSigned;
        }

        if (request.OldSize > offered.Size)
        {
            return isReading ? Sighting.Shrunk : Sighting.Malformed;
        }

        var seen = _seen ?? new Checkpoint(Key.Name, 0, MerkleTree.EmptyRoot());
        if (IsFork(seen, offered, request.Note))
        {
            return Sighting.Forked;
        }

        if (request.OldSize != seen.Size)
        {
            return Sighting.OldSizeDiffers;
        }

        if (!MerkleProof.VerifyConsistency(
            seen.Size, offered.Size, seen.Root.Span, offered.Root.Span, request.Proof))
        {
            return Sighting.Inconsistent;
        }

        Remember(offered, request.Note, out line);
        return Sighting.Accepted;
    }

    private bool IsFork(Checkpoint seen, Checkpoint other, string note)
    {
        if (_note is not null && seen.Size == other.Size && !seen.Root.Span.SequenceEqual(other.Root.Span)
            && !IsForked)
        {
            // Two texts of one size under the log's signature: nothing else is needed to prove it.
            DurableFile.Replace(ForkFile, Encoding.UTF8.GetBytes($"{_note}\n{note}"));
        }

        return IsForked;
    }

    private void Remember(Checkpoint offered, string note, out string line)
    {
        if (!SignedNote.TryParse(note, out var signed, out var reason))
        {
            throw new InvalidOperationException($"A note that was verified does not read: {reason}.");
        }

        line = _cosigner.Cosign(signed.Text, _time.GetUtcNow());
        var own = signed.Signatures.First(one => one.Name == Key.Name && one.KeyId == Key.KeyId);
        var kept = $"{signed.Text}\n{SignedNote.FormatLine(own.Name, own.KeyId, own.Signature.Span)}{line}";
        DurableFile.Replace(_file, Encoding.UTF8.GetBytes(kept));
        (_seen, _note) = (offered, kept);
    }
}
