using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>What the walk over a recording's chunks found, for the checks that follow it.</summary>
internal sealed class WalkResult
{
    public required byte[] ChainHead { get; init; }

    /// <summary>True when the chain runs over every chunk the footer counts.</summary>
    public required bool Whole { get; init; }

    public required IReadOnlyDictionary<int, StreamTotals> Streams { get; init; }

    public long Withheld { get; init; }

    public long Opened { get; init; }

    public uint Flags { get; init; }

    public bool ClockUnsure { get; init; }
}

/// <summary>
/// Walks a recording's chunks once, in order: place, header, chain, keys and frames of each, so that a take of any length
/// is checked in constant memory. One thread.
/// </summary>
internal sealed class ChunkWalk : IDisposable
{
    private readonly Findings _findings;
    private readonly string _member;
    private readonly RecordingFile _file;
    private readonly Descriptor? _descriptor;
    private readonly ChunkOpener _opener;
    private readonly Dictionary<int, StreamTotals> _streams = [];
    private string? _tenant;
    private string? _site;
    private byte[]? _head;
    private bool _whole = true;
    private long _withheld;
    private long _opened;
    private uint _flags;
    private bool _clockUnsure;

    public ChunkWalk(
        Findings findings, string member, RecordingFile file, Descriptor? descriptor, DisclosedKeys? keys)
    {
        _findings = findings;
        _member = member;
        _file = file;
        _descriptor = descriptor;
        _opener = new ChunkOpener(keys);
        _tenant = descriptor?.Tenant;
        _site = descriptor?.Site;
    }

    public WalkResult Run()
    {
        var at = (long)RecordingFile.HeaderLength;
        for (var i = 0L; i < _file.Chunks; i++)
        {
            at = Chunk(i, at);
        }

        if (at != _file.IndexOffset)
        {
            _findings.Fail(CheckNames.Chunks, _member, "the chunks do not end where the index starts");
        }

        // A take may have no chunk at all; its chain head is then the start of the chain.
        _head ??= _tenant is null ? null : Start(_tenant);
        return new WalkResult
        {
            ChainHead = _head ?? [],
            Whole = _whole,
            Streams = _streams,
            Withheld = _withheld,
            Opened = _opened,
            Flags = _flags,
            ClockUnsure = _clockUnsure,
        };
    }

    public void Dispose() => _opener.Dispose();

    /// <summary>Checks chunk <paramref name="i"/> (0-based) and answers where the next should start.</summary>
    private long Chunk(long i, long expected)
    {
        var subject = $"{_member} chunk {i + 1}";
        var row = _file.Row(i, out var reservedClear);
        if (!reservedClear)
        {
            _findings.Fail(CheckNames.Chunks, subject, "its index row has reserved bytes set");
        }

        if (row.Offset != expected)
        {
            _findings.Fail(
                CheckNames.Chunks,
                subject,
                $"the index places it at {row.Offset}, the chunk before ends at {expected}");
        }

        // The index is the guide, so that one broken header does not hide the chunks behind it.
        if (row.Offset < RecordingFile.HeaderLength
            || row.Offset > _file.IndexOffset - row.Length
            || row.Length is <= ChunkHeader.Length + ChunkHeader.TagLength
                or > ChunkHeader.Length + ChunkHeader.TagLength + Limits.MaxChunkBytes)
        {
            _findings.Fail(CheckNames.Chunks, subject, "its place in the index is not among the chunks");
            _whole = false;
            return expected;
        }

        var bytes = _file.Data.Read(row.Offset, (int)row.Length);
        if (!ChunkHeader.TryParse(bytes.Span, out var header, out var reason))
        {
            _findings.Fail(CheckNames.Headers, subject, reason);
            _whole = false;
            return row.Offset + row.Length;
        }

        CheckPlace(subject, i, header, row);
        if (header.TotalLength == row.Length)
        {
            Extend(subject, header, row, bytes.Span);
            Open(subject, header, bytes.Span);
        }
        else
        {
            _findings.Fail(
                CheckNames.Chunks, subject, $"{header.TotalLength} bytes by its header, {row.Length} by the index");
            _whole = false;
        }

        return row.Offset + row.Length;
    }

    private void CheckPlace(string subject, long i, ChunkHeader header, IndexRow row)
    {
        _tenant ??= header.Tenant;
        _site ??= header.Site;
        _flags |= header.Flags;
        _clockUnsure |= header.ClockQuality != 2;
        Header(header.Index == (ulong)i + 1, subject, $"carries index {header.Index}");
        Header(header.Take == _file.Take, subject, $"belongs to take {header.Take}");
        Header(header.Tenant == _tenant, subject, $"belongs to tenant {header.Tenant}, not {_tenant}");
        Header(header.Site == _site, subject, $"is of site {header.Site}, not {_site}");
        Header(
            header.Stream == row.Stream && header.Slot == row.Slot && header.Packets == row.Packets,
            subject,
            "stream, slot or packets are not those of the index");
        if (_descriptor is not null)
        {
            Header(header.Stream < _descriptor.Streams.Count, subject, $"stream {header.Stream} is not described");
            Header(header.Epoch == (ulong)_descriptor.Epoch, subject, $"epoch {header.Epoch} is not the descriptor's");
            Header(header.Boot == _descriptor.Boot, subject, "its boot id is not the descriptor's");
        }
    }

    private void Header(bool holds, string subject, string failed)
    {
        if (!holds)
        {
            _findings.Fail(CheckNames.Headers, subject, failed);
        }
    }

    private void Extend(string subject, ChunkHeader header, IndexRow row, ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[32];
        Span<byte> link = stackalloc byte[65];
        SHA256.HashData(bytes[ChunkHeader.Length..], digest);
        var c = SHA256.HashData([0x00, .. bytes[..ChunkHeader.Length], .. digest]);
        if (!c.AsSpan().SequenceEqual(row.C))
        {
            _findings.Fail(CheckNames.Chain, subject, "its hash is not the one in the index");
        }

        _head ??= Start(_tenant ?? header.Tenant);
        link[0] = 0x01;
        _head.CopyTo(link[1..]);
        c.CopyTo(link[33..]);
        _head = SHA256.HashData(link);
    }

    private byte[] Start(string tenant)
    {
        var take = _file.Take.ToByteArray(bigEndian: true);
        var call = _file.Call.ToByteArray(bigEndian: true);
        return SHA256.HashData([0x02, 0x01, .. Names.Field(tenant, 32) ?? new byte[32], .. call, .. take]);
    }

    private void Open(string subject, ChunkHeader header, ReadOnlySpan<byte> bytes)
    {
        if (!_streams.TryGetValue(header.Stream, out var totals))
        {
            if (_streams.Count >= Limits.MaxStreams)
            {
                _findings.Fail(CheckNames.Limits, subject, $"over {Limits.MaxStreams} streams");
                return;
            }

            totals = _streams[header.Stream] = new StreamTotals();
        }

        totals.Chunks++;
        totals.HeaderPackets += header.Packets;
        var opening = _opener.Open(header, bytes, out var plain);
        if (opening != ChunkOpening.Opened)
        {
            totals.Unread++;
        }

        switch (opening)
        {
            case ChunkOpening.Withheld:
                _withheld++;
                break;
            case ChunkOpening.WrongKey:
                _findings.Fail(
                    CheckNames.Commitments,
                    subject,
                    $"the disclosed key of slot {header.Slot} is not the one its header is committed to");
                break;
            case ChunkOpening.Altered:
                _findings.Fail(CheckNames.Opening, subject, "does not open: header, cipher text or tag was changed");
                break;
            default:
                _opened++;
                Count(subject, header, plain, totals);
                break;
        }
    }

    private void Count(string subject, ChunkHeader header, ReadOnlySpan<byte> plain, StreamTotals totals)
    {
        if (ChunkFrames.Read(plain, totals, out var packets) is { } wrong)
        {
            _findings.Fail(CheckNames.Frames, subject, wrong);
            totals.Unread++;
        }
        else if (packets != header.Packets)
        {
            _findings.Fail(
                CheckNames.PacketCounts, subject, $"holds {packets} packets, its header says {header.Packets}");
        }
    }
}
