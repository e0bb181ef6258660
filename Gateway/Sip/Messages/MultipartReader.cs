using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>One part of a body: its type in lower case without parameters, and where its content lies.</summary>
internal readonly record struct BodyPart(string ContentType, Range Content);

/// <summary>Splits a body into its parts (RFC 2046 §5.1, RFC 5621). Stateless.</summary>
internal static class MultipartReader
{
    /// <summary>The most parts of a body.</summary>
    public const int MaxParts = 16;

    /// <summary>The longest boundary (RFC 2046 §5.1.1).</summary>
    public const int MaxBoundaryBytes = 70;

    /// <summary>Reads the parts of a body; a body that is no multipart is one part.</summary>
    public static SipFault TryRead(
        ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> body, out IReadOnlyList<BodyPart> parts)
    {
        parts = [];
        var type = MediaType(contentType);
        if (!type.StartsWith("multipart/", StringComparison.Ordinal))
        {
            parts = body.IsEmpty ? [] : [new BodyPart(type, 0..body.Length)];
            return SipFault.None;
        }

        if (!SipText.TryGetParameter(Parameters(contentType), "boundary"u8, out var boundary)
            || boundary.IsEmpty || boundary.Length > MaxBoundaryBytes)
        {
            return SipFault.MultipartInvalid;
        }

        var found = new List<BodyPart>();
        var fault = Split(body, boundary, found);
        parts = found;
        return fault;
    }

    /// <summary>The media type in lower case, without its parameters.</summary>
    public static string MediaType(ReadOnlySpan<byte> contentType)
    {
        var semicolon = contentType.IndexOf((byte)';');
        return Encoding.ASCII.GetString(SipText.Trim(semicolon < 0 ? contentType : contentType[..semicolon]))
            .ToLowerInvariant();
    }

    private static ReadOnlySpan<byte> Parameters(ReadOnlySpan<byte> contentType)
    {
        var semicolon = contentType.IndexOf((byte)';');
        return semicolon < 0 ? default : contentType[semicolon..];
    }

    //  --boundary CRLF headers CRLF CRLF content CRLF --boundary ... --boundary--
    private static SipFault Split(ReadOnlySpan<byte> body, ReadOnlySpan<byte> boundary, List<BodyPart> parts)
    {
        if (!TryFindDelimiter(body, 0, boundary, out _, out var position, out var isLast) || isLast)
        {
            return SipFault.MultipartInvalid;
        }

        while (!isLast)
        {
            var start = position;
            if (!TryFindDelimiter(body, start, boundary, out var end, out position, out isLast))
            {
                return SipFault.MultipartInvalid;
            }

            if (parts.Count == MaxParts)
            {
                return SipFault.MultipartTooManyParts;
            }

            parts.Add(ReadPart(body, start, end));
        }

        return SipFault.None;
    }

    /// <summary>Finds the next delimiter line at or after a position.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="from">Where to look from; the start of a line.</param>
    /// <param name="boundary">The boundary without its dashes.</param>
    /// <param name="contentEnd">Where what precedes ends; the line end before a delimiter belongs to it.</param>
    /// <param name="next">Where the line after the delimiter begins.</param>
    /// <param name="isLast">Whether it closes the body.</param>
    private static bool TryFindDelimiter(
        ReadOnlySpan<byte> body,
        int from,
        ReadOnlySpan<byte> boundary,
        out int contentEnd,
        out int next,
        out bool isLast)
    {
        var search = from;
        (contentEnd, next, isLast) = (0, 0, false);
        while (search < body.Length)
        {
            var hit = body[search..].IndexOf(boundary);
            if (hit < 0)
            {
                return false;
            }

            var at = search + hit;
            search = at + 1;
            var atLineStart = at - 2 == from || (at - 2 > from && body[at - 3] == '\n');
            if (at < from + 2 || body[at - 1] != '-' || body[at - 2] != '-' || !atLineStart)
            {
                continue;
            }

            var tail = body[(at + boundary.Length)..];
            isLast = tail.StartsWith("--"u8);
            tail = isLast ? tail[2..] : tail;
            var lineEnd = tail.IndexOf((byte)'\n');
            var rest = lineEnd < 0 ? tail : tail[..lineEnd];
            if (rest.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                continue;
            }

            contentEnd = at - 2;
            contentEnd -= contentEnd > from && body[contentEnd - 1] == '\n' ? 1 : 0;
            contentEnd -= contentEnd > from && body[contentEnd - 1] == '\r' ? 1 : 0;
            next = body.Length - tail.Length + (lineEnd < 0 ? tail.Length : lineEnd + 1);
            return true;
        }

        return false;
    }

    private static BodyPart ReadPart(ReadOnlySpan<byte> body, int start, int end)
    {
        var type = "text/plain";
        var position = start;
        while (position < end)
        {
            var lineEnd = body[position..end].IndexOf((byte)'\n');
            var line = lineEnd < 0 ? body[position..end] : body.Slice(position, lineEnd);
            position = lineEnd < 0 ? end : position + lineEnd + 1;
            line = line.TrimEnd((byte)'\r');
            if (line.IsEmpty)
            {
                break;
            }

            var colon = line.IndexOf((byte)':');
            if (colon > 0 && Ascii.EqualsIgnoreCase(SipText.Trim(line[..colon]), "Content-Type"u8))
            {
                type = MediaType(line[(colon + 1)..]);
            }
        }

        return new BodyPart(type, position..end);
    }
}
