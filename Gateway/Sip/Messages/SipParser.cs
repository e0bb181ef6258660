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

        var buffer = bytes.ToArray();
        var head = buffer.AsSpan(0, headersEnd + 2);
        var lineEnd = head.IndexOf("\r\n"u8);
        if (!TryParseStartLine(head[..lineEnd], out var start, out fault)
            || !TryParseHeaders(head, lineEnd + 2, limits, out var headers, out fault))
        {
            return false;
        }

        var bodyStart = headersEnd + 4;
        var bodyOk = TryFindBody(buffer, headers, bodyStart, framing, out var bodyLength, out fault);
        message = new SipMessage(buffer, start, headers, bodyStart..(bodyStart + bodyLength));
        return bodyOk;
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

    private static bool TryParseHeaders(
        Span<byte> head, int position, SipLimits limits, out HeaderSlot[] headers, out SipFault fault)
    {
        headers = [];
        fault = Unfold(head, position);
        if (fault != SipFault.None)
        {
            return false;
        }

        var count = head[position..].Count("\r\n"u8);
        if (count > limits.MaxHeaders)
        {
            fault = SipFault.TooManyHeaders;
            return false;
        }

        var slots = new HeaderSlot[count];
        for (var i = 0; i < count; i++)
        {
            var length = head[position..].IndexOf("\r\n"u8);
            if (!TryParseHeader(head.Slice(position, length), position, out slots[i]))
            {
                fault = SipFault.HeaderNameInvalid;
                return false;
            }

            position += length + 2;
        }

        headers = slots;
        return true;
    }

    /// <summary>
    /// Turns each folded line end into blanks, in place (RFC 3261 §7.3.1); refuses stray CR, LF and NUL.
    /// </summary>
    private static SipFault Unfold(Span<byte> head, int position)
    {
        while (position < head.Length)
        {
            var next = head[position..].IndexOfAny("\r\n\0"u8);
            if (next < 0)
            {
                return SipFault.None;
            }

            position += next;
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

            if (position + 2 < head.Length && head[position + 2] is (byte)' ' or (byte)'\t')
            {
                head.Slice(position, 2).Fill((byte)' ');
            }

            position += 2;
        }

        return SipFault.None;
    }

    private static bool TryParseHeader(ReadOnlySpan<byte> line, int offset, out HeaderSlot slot)
    {
        var nameLength = SipText.TokenLength(line);
        var rest = line[nameLength..];
        var colon = rest.IndexOf((byte)':');
        slot = default;
        if (nameLength == 0 || colon < 0 || !SipText.Trim(rest[..colon]).IsEmpty)
        {
            return false;
        }

        var valueStart = nameLength + colon + 1;
        var leading = line[valueStart..].IndexOfAnyExcept(" \t"u8);
        valueStart = leading < 0 ? line.Length : valueStart + leading;
        var value = line[valueStart..].TrimEnd(" \t"u8);
        slot = new HeaderSlot(
            HeaderNames.Find(line[..nameLength]), offset, nameLength, offset + valueStart, value.Length);
        return true;
    }

    private static bool TryFindBody(
        byte[] buffer, HeaderSlot[] headers, int bodyStart, SipFraming framing, out int length, out SipFault fault)
    {
        length = 0;
        fault = SipFault.None;
        var declared = -1;
        foreach (ref readonly var slot in headers.AsSpan())
        {
            if (slot.Name == HeaderName.ContentLength)
            {
                fault = ReadContentLength(buffer.AsSpan(slot.ValueStart, slot.ValueLength), ref declared);
                if (fault != SipFault.None)
                {
                    return false;
                }
            }
        }

        var available = buffer.Length - bodyStart;
        if (declared > available || (declared < 0 && framing == SipFraming.Stream))
        {
            fault = declared < 0 ? SipFault.ContentLengthMissing : SipFault.BodyTruncated;
            return false;
        }

        length = declared < 0 ? available : declared;
        return true;
    }
}
