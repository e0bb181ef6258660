using System.Xml;

namespace Talreg.Sip.Siprec;

/// <summary>
/// Reads recording metadata (RFC 7865): any namespace and prefix, RFC attribute names and those of older senders.
/// DTDs are refused, nothing is resolved, and size, depth, elements and text are bounded. Stateless; any thread.
/// </summary>
internal static class MetadataParser
{
    public const int MaxBytes = 64 * 1024;
    public const int MaxDepth = 32;
    public const int MaxElements = 2_048;
    public const int MaxTextLength = 4_096;
    public const int MaxExtensions = 256;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxBytes,
        MaxCharactersFromEntities = 1,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    /// <summary>Whether a media type is that of metadata (with and without <c>+xml</c>).</summary>
    public static bool IsMetadataType(string contentType) =>
        contentType is "application/rs-metadata" or "application/rs-metadata+xml";

    /// <summary>Reads a document; never throws.</summary>
    /// <param name="bytes">The document; read only during the call.</param>
    /// <param name="metadata">What it says.</param>
    /// <param name="fault">What is wrong with it, for a person; null when nothing.</param>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, out RecordingMetadata? metadata, out string? fault)
    {
        metadata = null;
        if (bytes.Length > MaxBytes)
        {
            fault = $"TooLong: {bytes.Length} bytes, the most is {MaxBytes}";
            return false;
        }

        try
        {
            using var stream = new MemoryStream(bytes.ToArray(), writable: false);
            using var reader = XmlReader.Create(stream, Settings);
            var draft = new MetadataDraft();
            fault = Read(reader, draft);
            metadata = fault is null ? draft.Finish() : null;
        }
        catch (XmlException exception)
        {
            fault = $"XmlInvalid: line {exception.LineNumber}, position {exception.LinePosition}";
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            fault = "EncodingInvalid";
        }

        return fault is null;
    }

    private static string? Read(XmlReader reader, MetadataDraft draft)
    {
        var rootNamespace = "";
        var count = 0;
        ExtensionText? extension = null;
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (++count > MaxElements || reader.Depth >= MaxDepth)
                {
                    return count > MaxElements ? "TooManyElements" : "TooDeep";
                }

                if (reader.Depth == 0 && reader.LocalName is not ("recording" or "recording_metadata"))
                {
                    return "RootUnknown";
                }

                rootNamespace = reader.Depth == 0 ? reader.NamespaceURI : rootNamespace;
                extension ??= MetadataDraft.IsExtension(reader, rootNamespace) ? new ExtensionText(reader) : null;
            }

            var fault = extension is null ? Take(reader, draft) : Take(reader, draft, ref extension);
            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>Takes a node of the RFC's own elements.</summary>
    private static string? Take(XmlReader reader, MetadataDraft draft)
    {
        switch (reader.NodeType)
        {
            case XmlNodeType.Element:
                draft.Open(reader);
                if (reader.IsEmptyElement)
                {
                    draft.Close(reader.LocalName);
                }

                break;
            case XmlNodeType.Text or XmlNodeType.CDATA:
                if (reader.Value.Length > MaxTextLength)
                {
                    return "TextTooLong";
                }

                draft.Text = reader.Value.Trim();
                break;
            case XmlNodeType.EndElement:
                draft.Close(reader.LocalName);
                break;
            default:
                break;
        }

        return null;
    }

    /// <summary>Takes a node of a vendor's element; with its end the element is kept.</summary>
    private static string? Take(XmlReader reader, MetadataDraft draft, ref ExtensionText? extension)
    {
        if (!extension!.Append(reader))
        {
            return null;
        }

        var (space, name, value, xml) = extension.Finish();
        extension = null;
        return draft.TryAdd(space, name, value, xml) ? null : "TooManyExtensions";
    }
}
