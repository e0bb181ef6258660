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

/// <summary>
/// Cuts one stream into messages by Content-Length (RFC 3261 §18.3). It remembers how far it has looked, so a message
/// that comes in many pieces is looked at once. Used by one reader.
/// </summary>
internal sealed class StreamFramer(SipLimits limits)
{
    private const int EndBytes = 4;

    /// <summary>How many bytes at the front are line ends between messages.</summary>
    private long _leading;

    /// <summary>How many bytes have been looked at without finding the end of the header block.</summary>
    private long _scanned;

    /// <summary>Where the message ends; 0 while the header block is not whole.</summary>
    private long _end;

    /// <summary>Whether the first byte of a message is there, and its last is not.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Looks at the front of what has been received.</summary>
    /// <param name="input">All that is unread; what the last call saw is at its front still.</param>
    /// <param name="message">The message's bytes, copied.</param>
    /// <param name="consumed">How far it went.</param>
    /// <param name="fault">Why the stream cannot be framed further.</param>
    public FrameResult Next(
        in ReadOnlySequence<byte> input, out byte[] message, out SequencePosition consumed, out SipFault fault)
    {
        (message, consumed, fault) = ([], input.Start, SipFault.None);
        if (!HasBegun && IsPing(input))
        {
            consumed = input.GetPosition(EndBytes);
            _leading = 0;
            return FrameResult.KeepAlivePing;
        }

        if (_end == 0 && !TryFindEnd(input, out fault))
        {
            return fault == SipFault.None ? FrameResult.NeedMore : FrameResult.Broken;
        }

        if (input.Length < _end)
        {
            return FrameResult.NeedMore;
        }

        message = input.Slice(_leading, _end - _leading).ToArray();
        consumed = input.GetPosition(_end);
        (_leading, _scanned, _end, HasBegun) = (0, 0, 0, false);
        return FrameResult.Message;
    }

    private static bool IsPing(in ReadOnlySequence<byte> input)
    {
        Span<byte> front = stackalloc byte[EndBytes];
        if (input.Length < EndBytes)
        {
            return false;
        }

        input.Slice(0, EndBytes).CopyTo(front);
        return front.SequenceEqual("\r\n\r\n"u8);
    }

    private bool TryFindEnd(in ReadOnlySequence<byte> input, out SipFault fault)
    {
        if (!HasBegun)
        {
            var front = new SequenceReader<byte>(input.Slice(_leading));
            _leading += front.AdvancePastAny((byte)'\r', (byte)'\n');
            HasBegun = !front.End;
            _scanned = _leading;
        }

        // The end may straddle what has been looked at and what is new.
        var from = Math.Max(_leading, _scanned - (EndBytes - 1));
        var reader = new SequenceReader<byte>(input.Slice(from));
        if (!reader.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8))
        {
            _scanned = input.Length;
            fault = input.Length >= limits.MaxMessageBytes ? SipFault.MessageTooLong : SipFault.None;
            return false;
        }

        var bodyStart = from + reader.Consumed;
        fault = bodyStart > limits.MaxMessageBytes ? SipFault.MessageTooLong : SipFault.None;
        if (fault != SipFault.None)
        {
            return false;
        }

        var head = input.Slice(_leading, bodyStart - 2 - _leading);
        fault = FindLength(head.IsSingleSegment ? head.FirstSpan : head.ToArray(), out var bodyLength);
        if (fault == SipFault.None && bodyStart + bodyLength > limits.MaxMessageBytes)
        {
            fault = SipFault.MessageTooLong;
        }

        _end = fault == SipFault.None ? bodyStart + bodyLength : 0;
        return fault == SipFault.None;
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
