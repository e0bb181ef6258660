using System.Buffers;
using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>How a message's end is known (RFC 3261 §18.3).</summary>
internal enum SipFraming
{
    /// <summary>The datagram ends it: a longer Content-Length is a fault, surplus bytes are dropped.</summary>
    Datagram,

    /// <summary>Content-Length ends it and must be there.</summary>
    Stream,
}

/// <summary>
/// Checks a message's structure and finds its fields, copying the bytes once. Stateless; any thread.
/// </summary>
internal static class SipParser
{
    /// <summary>Parses one message.</summary>
    /// <param name="bytes">The message; copied, so the caller keeps it.</param>
    /// <param name="framing">How it was delimited.</param>
    /// <param name="limits">What is too much.</param>
    /// <param name="message">
    /// The message. With a fault of the body's length it is there too, its body empty, so that it can be answered 400.
    /// </param>
    /// <param name="fault">What is wrong, or <see cref="SipFault.None"/>.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> bytes, SipFraming framing, SipLimits limits, out SipMessage? message, out SipFault fault)
    {
        message = null;
        bytes = bytes[LeadingLineEnds(bytes)..];
        fault = bytes.Length > limits.MaxMessageBytes ? SipFault.MessageTooLong : SipFault.None;
        if (fault != SipFault.None)
        {
            return false;
        }

        var headersEnd = bytes.IndexOf("\r\n\r\n"u8);
        if (headersEnd < 0)
        {
            fault = SipFault.MessageIncomplete;
            return false;
        }

        // Lent until the message lets it go, and longer than the message: nothing may be read beyond bytes.Length.
        var buffer = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(buffer);
        message = Read(buffer, bytes.Length, headersEnd, framing, limits, out fault);
        if (message is null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return fault == SipFault.None;
    }

    /// <summary>Reads what the Content-Length fields of a header block say; used by the stream framer too.</summary>
    /// <param name="value">A Content-Length value.</param>
    /// <param name="known">What an earlier field said, or −1; replaced.</param>
    public static SipFault ReadContentLength(ReadOnlySpan<byte> value, ref int known)
    {
        if (!SipText.TryReadNumber(value, out var length) || length > int.MaxValue)
        {
            return SipFault.ContentLengthInvalid;
        }

        var conflicting = known >= 0 && known != (int)length;
        known = (int)length;
        return conflicting ? SipFault.ContentLengthConflicting : SipFault.None;
    }

    /// <summary>The number of CR and LF bytes before a start line (RFC 3261 §7.5).</summary>
    public static int LeadingLineEnds(ReadOnlySpan<byte> bytes)
    {
        var start = bytes.IndexOfAnyExcept("\r\n"u8);
        return start < 0 ? bytes.Length : start;
    }

    private static SipMessage? Read(
        byte[] buffer, int length, int headersEnd, SipFraming framing, SipLimits limits, out SipFault fault)
    {
        var head = buffer.AsSpan(0, headersEnd + 2);
        var lineEnd = head.IndexOf("\r\n"u8);
        if (!TryParseStartLine(head[..lineEnd], out var start, out fault))
        {
            return null;
        }

        var headers = default(HeaderTable);
        fault = ReadHeaders(head, lineEnd + 2, limits, ref headers);
        if (fault != SipFault.None)
        {
            headers.Return();
            return null;
        }

        var bodyStart = headersEnd + 4;
        fault = FindBody(buffer.AsSpan(0, length), headers.Slots, bodyStart, framing, out var bodyLength);
        return new SipMessage(buffer, start, headers, bodyStart..(bodyStart + bodyLength));
    }

    // Request-Line  =  Method SP Request-URI SP SIP-Version          SIP/2.0
    // Status-Line   =  SIP-Version SP Status-Code SP Reason-Phrase   (RFC 3261 §7.1, §7.2)
    private static bool TryParseStartLine(ReadOnlySpan<byte> line, out StartLine start, out SipFault fault)
    {
        start = default;
        fault = SipFault.StartLineInvalid;
        var first = line.IndexOf((byte)' ');
        if (first <= 0 || line.IndexOfAny("\r\n\0\t"u8) >= 0)
        {
            return false;
        }

        if (Ascii.EqualsIgnoreCase(line[..first], "SIP/2.0"u8))
        {
            var code = line[(first + 1)..];
            if (code.Length < 3 || (code.Length > 3 && code[3] != ' ')
                || !SipText.TryReadNumber(code[..3], out var status) || status is < 100 or > 699)
            {
                return false;
            }

            start = new StartLine(0..0, 0..0, (int)status);
            fault = SipFault.None;
            return true;
        }

        var last = line.LastIndexOf((byte)' ');
        if (last == first || !SipText.IsToken(line[..first])
            || line[(first + 1)..last].IsEmpty || line[(first + 1)..last].Contains((byte)' '))
        {
            return false;
        }

        start = new StartLine(0..first, (first + 1)..last, 0);
        fault = Ascii.EqualsIgnoreCase(line[(last + 1)..], "SIP/2.0"u8) ? SipFault.None : SipFault.VersionUnsupported;
        return fault == SipFault.None;
    }

    /// <summary>
    /// Reads the fields in one pass. Folded line ends become blanks, in place (RFC 3261 §7.3.1); stray CR, LF and NUL are
    /// refused.
    /// </summary>
    private static SipFault ReadHeaders(Span<byte> head, int position, SipLimits limits, ref HeaderTable headers)
    {
        var lineStart = position;
        while (position < head.Length)
        {
            // The head ends with a line end, so there is always a next one.
            position += head[position..].IndexOfAny((byte)'\r', (byte)'\n', (byte)0);
            if (head[position] == 0 && head[position - 1] == '\\')
            {
                // NUL may stand in quoted text as a quoted pair (RFC 3261 §25.1).
                position++;
                continue;
            }

            if (!head[position..].StartsWith("\r\n"u8))
            {
                return SipFault.LineEndingInvalid;
            }

            position += 2;
            if (position < head.Length && head[position] is (byte)' ' or (byte)'\t')
            {
                head.Slice(position - 2, 2).Fill((byte)' ');
                continue;
            }

            if (headers.Count == limits.MaxHeaders)
            {
                return SipFault.TooManyHeaders;
            }

            if (!TryReadHeader(head[lineStart..(position - 2)], lineStart, out var slot))
            {
                return SipFault.HeaderNameInvalid;
            }

            headers.Add(slot);
            lineStart = position;
        }

        return SipFault.None;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> line, int offset, out HeaderSlot slot)
    {
        slot = default;
        var colon = line.IndexOf((byte)':');
        var name = colon < 0 ? default : SipText.TrimEnd(line[..colon]);
        if (!SipText.IsToken(name))
        {
            return false;
        }

        var rest = line[(colon + 1)..];
        var value = SipText.Trim(rest);
        var valueStart = value.IsEmpty ? line.Length : colon + 1 + rest.IndexOf(value[0]);
        slot = new HeaderSlot(HeaderNames.Find(name), offset, name.Length, offset + valueStart, value.Length);
        return true;
    }

    private static SipFault FindBody(
        ReadOnlySpan<byte> message, ReadOnlySpan<HeaderSlot> headers, int bodyStart, SipFraming framing, out int length)
    {
        length = 0;
        var declared = -1;
        foreach (ref readonly var slot in headers)
        {
            if (slot.Name == HeaderName.ContentLength)
            {
                var fault = ReadContentLength(message.Slice(slot.ValueStart, slot.ValueLength), ref declared);
                if (fault != SipFault.None)
                {
                    return fault;
                }
            }
        }

        var available = message.Length - bodyStart;
        if (declared > available || (declared < 0 && framing == SipFraming.Stream))
        {
            return declared < 0 ? SipFault.ContentLengthMissing : SipFault.BodyTruncated;
        }

        length = declared < 0 ? available : declared;
        return SipFault.None;
    }
}
