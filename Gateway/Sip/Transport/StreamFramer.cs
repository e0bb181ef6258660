using System.Buffers;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Transport;

/// <summary>What a look at a stream's bytes found.</summary>
internal enum FrameResult
{
    NeedMore,
    Message,
    KeepAlivePing,
    Broken,
}

/// <summary>Cuts a stream into messages by Content-Length (RFC 3261 §18.3). Stateless.</summary>
internal static class StreamFramer
{
    /// <summary>Looks at the front of what has been received.</summary>
    /// <param name="input">All that is unread.</param>
    /// <param name="limits">What is too much.</param>
    /// <param name="message">The message's bytes, copied.</param>
    /// <param name="consumed">How far it went.</param>
    /// <param name="fault">Why the stream cannot be framed further.</param>
    public static FrameResult Next(
        in ReadOnlySequence<byte> input, SipLimits limits, out byte[] message, out SequencePosition consumed,
        out SipFault fault)
    {
        (message, consumed, fault) = ([], input.Start, SipFault.None);
        var window = input.Length > limits.MaxMessageBytes ? input.Slice(0, limits.MaxMessageBytes) : input;
        var flat = window.IsSingleSegment ? window.FirstSpan : window.ToArray();
        var leading = SipParser.LeadingLineEnds(flat);
        if (leading >= 4 && flat.StartsWith("\r\n\r\n"u8))
        {
            consumed = input.GetPosition(4);
            return FrameResult.KeepAlivePing;
        }

        var headersEnd = flat[leading..].IndexOf("\r\n\r\n"u8);
        if (headersEnd < 0)
        {
            fault = input.Length >= limits.MaxMessageBytes ? SipFault.MessageTooLong : SipFault.None;
            return fault == SipFault.None ? FrameResult.NeedMore : FrameResult.Broken;
        }

        var headerBytes = leading + headersEnd + 4;
        fault = FindLength(flat[leading..(headerBytes - 2)], out var bodyLength);
        if (fault == SipFault.None && (long)headerBytes + bodyLength > limits.MaxMessageBytes)
        {
            fault = SipFault.MessageTooLong;
        }

        if (fault != SipFault.None)
        {
            return FrameResult.Broken;
        }

        var total = headerBytes + bodyLength;
        if (flat.Length < total)
        {
            return FrameResult.NeedMore;
        }

        message = flat[leading..total].ToArray();
        consumed = input.GetPosition(total);
        return FrameResult.Message;
    }

    private static SipFault FindLength(ReadOnlySpan<byte> head, out int length)
    {
        length = -1;
        while (!head.IsEmpty)
        {
            var end = head.IndexOf("\r\n"u8);
            var line = end < 0 ? head : head[..end];
            head = end < 0 ? default : head[(end + 2)..];
            var colon = line.IndexOf((byte)':');
            if (colon > 0 && HeaderNames.Find(SipText.Trim(line[..colon])) == HeaderName.ContentLength)
            {
                // A folded value would be read differently by others; nobody folds a number.
                var fault = SipParser.ReadContentLength(SipText.Trim(line[(colon + 1)..]), ref length);
                if (fault != SipFault.None)
                {
                    return fault;
                }
            }
        }

        return length < 0 ? SipFault.ContentLengthMissing : SipFault.None;
    }
}
