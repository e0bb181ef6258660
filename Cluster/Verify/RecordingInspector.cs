namespace Talreg.Verify;

/// <summary>What <see cref="RecordingInspector"/> found.</summary>
/// <param name="Recognised">False when the file is of no known format or is damaged beyond reading.</param>
/// <param name="Format">The format's name, or <c>unknown</c>.</param>
/// <param name="Text">The summary, or what is wrong; lines that end in LF.</param>
public sealed record Inspection(bool Recognised, string Format, string Text);

/// <summary>Summarises a file of any of the formats for a person, without keys. Stateless.</summary>
public static class RecordingInspector
{
    /// <summary>Tells the format by its first bytes.</summary>
    /// <param name="file">The bytes; read during the call, not kept.</param>
    public static Inspection Inspect(ReadOnlyMemory<byte> file) => Run(ByteSource.Of(file));

    /// <summary>Tells the format by its first bytes; the stream stays open.</summary>
    /// <param name="file">The file; one that cannot seek is taken into memory.</param>
    public static Inspection Inspect(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return ByteSource.Of(file) is { } source ? Run(source) : new Inspection(false, "unknown", "too large\n");
    }

    private static Inspection Run(ByteSource source)
    {
        var head = source.Read(0, (int)Math.Min(4, source.Length)).Span;
        var format = head switch
        {
            _ when head.SequenceEqual("TLK1"u8) => "recording",
            _ when head.SequenceEqual("TLJ1"u8) => "journal",
            _ when head.SequenceEqual("PK\x03\x04"u8) => "bundle",
            _ => "unknown",
        };
        return new Inspection(format != "unknown", format, $"{format}, {source.Length} bytes\n");
    }
}
