using System.Text;

namespace Talreg.Verify;

/// <summary>What <see cref="RecordingInspector"/> found.</summary>
/// <param name="Recognised">False when the file is of no known format, or damaged beyond reading.</param>
/// <param name="Format">The format's name, or <c>unknown</c>.</param>
/// <param name="Text">The summary, or what is wrong; printable lines that end in LF.</param>
public sealed record Inspection(bool Recognised, string Format, string Text);

/// <summary>
/// Summarises a file of any of the formats for a person, without keys. It proves nothing: that is for
/// <see cref="BundleVerifier"/>. Stateless; may be called from any thread.
/// </summary>
public static class RecordingInspector
{
    /// <summary>Tells the format by its first bytes.</summary>
    /// <param name="file">The bytes; read during the call, not kept.</param>
    public static Inspection Inspect(ReadOnlyMemory<byte> file) => Run(ByteSource.Of(file));

    /// <summary>Tells the format by its first bytes; the stream stays open.</summary>
    /// <param name="file">The file; one that cannot seek is taken into memory, up to 1 GiB.</param>
    public static Inspection Inspect(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return ByteSource.Of(file) is { } source
            ? Run(source)
            : new Inspection(false, "unknown", $"over {Limits.MaxBufferedBytes} bytes and not seekable\n");
    }

    private static Inspection Run(ByteSource source)
    {
        try
        {
            var head = source.Read(0, (int)Math.Min(4, source.Length)).Span;
            return head.SequenceEqual("TLK1"u8) ? Make("recording", source, Recording)
                : head.SequenceEqual("TLJ1"u8) ? Make("journal", source, JournalInspector.Describe)
                : head.SequenceEqual("PK\x03\x04"u8) ? Make("bundle", source, Bundle)
                : Make("note", source, Note);
        }
        catch (IOException failed)
        {
            return new Inspection(false, "unknown", Printable.Of(failed.Message) + "\n");
        }
    }

    /// <summary>A describer adds lines and answers null, or what keeps the file from being read.</summary>
    private static Inspection Make(string format, ByteSource source, Func<ByteSource, List<string>, string?> describe)
    {
        var lines = new List<string> { $"{format}, {source.Length} bytes" };
        if (describe(source, lines) is not { } wrong)
        {
            // A note says which kind it is only once it is read: its first line names it.
            return new Inspection(true, lines[0].Split(',')[0], Join(lines));
        }

        // Whatever has no magic and is no note either is simply not ours.
        return format == "note"
            ? new Inspection(false, "unknown", "not a recording, journal, bundle, checkpoint or manifest\n")
            : new Inspection(false, format, Join([.. lines, $"cannot be read: {wrong}"]));
    }

    private static string Join(List<string> lines) =>
        new StringBuilder().AppendJoin('\n', lines.Select(Printable.Of)).Append('\n').ToString();

    private static string? Recording(ByteSource source, List<string> lines)
    {
        var faults = new List<string>();
        if (!RecordingFile.TryRead(source, faults, out var file))
        {
            return string.Join("; ", faults);
        }

        lines.AddRange(faults.Select(f => $"fault: {f}"));
        lines.Add($"call {file.Call}, take {file.Take}");
        lines.Add($"{file.Chunks} chunks, chain head {Hex.Of(file.ChainHead)}");
        if (!Descriptor.TryParse(file.Descriptor, out var descriptor, out var reason))
        {
            return $"descriptor: {reason}";
        }

        var json = descriptor.Json;
        lines.Add($"tenant {descriptor.Tenant}, site {descriptor.Site}, gateway {json.TextOf("gateway")}, "
            + $"interface {json.TextOf("interface")}, epoch {descriptor.Epoch}");
        lines.Add($"from {UnixTime.Of(json.NumberOf("startedAt")):O} to {UnixTime.Of(json.NumberOf("endedAt")):O}, "
            + $"ended by {json.TextOf("endReason")}");
        lines.AddRange(descriptor.Streams.Select((s, i) =>
            $"stream {i}: label {s.Label}, {s.Codec}, {s.Packets} packets, {s.Lost} lost, {s.Foreign} foreign"));
        return null;
    }

    private static string? Bundle(ByteSource source, List<string> lines)
    {
        if (!ZipReader.TryRead(source, out var members, out var reason))
        {
            return reason;
        }

        foreach (var member in members)
        {
            lines.Add($"member {member.Name}, {member.Data.Length} bytes");
            if (member.Name.EndsWith(".trec", StringComparison.Ordinal))
            {
                var inner = new List<string>();
                var wrong = Recording(member.Data, inner);
                lines.AddRange(inner.Select(l => $"  {l}"));
                lines.AddRange(wrong is null ? [] : [$"  cannot be read: {wrong}"]);
            }
        }

        lines.Add("not verified: use verify");
        return null;
    }

    private static string? Note(ByteSource source, List<string> lines)
    {
        if (source.Length > Limits.MaxNoteBytes)
        {
            return "too large for a note";
        }

        if (!SignedNote.TryParse(source.Read(0, (int)source.Length), out var note, out var reason))
        {
            return reason;
        }

        if (Checkpoint.TryParse(note.Text, out var checkpoint, out reason))
        {
            lines[0] = $"checkpoint, {source.Length} bytes";
            lines.Add($"log {checkpoint.Origin}, {checkpoint.Size} entries, root {Hex.Of(checkpoint.Root)}");
        }
        else if (Manifest.TryParse(note.Text, out var manifest, out reason))
        {
            lines[0] = $"manifest, {source.Length} bytes";
            lines.Add($"call {manifest.Call}, {manifest.Lines.Count} members");
        }
        else
        {
            return reason;
        }

        lines.AddRange(note.Signatures.Select(s => $"signed by {s.Name}, key {Hex.Of(s.KeyId)}; not verified"));
        return null;
    }
}
