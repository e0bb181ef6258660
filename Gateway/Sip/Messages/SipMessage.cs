using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>Where a header field lies in its message's buffer.</summary>
internal readonly record struct HeaderSlot(
    HeaderName Name, int NameStart, int NameLength, int ValueStart, int ValueLength);

/// <summary>
/// A message whose structure has been checked: start line, header fields, body. It owns one buffer; every span handed
/// out points into it and lives as long as the message. Immutable after parsing, so any thread may read it, until its
/// owner
/// lets the buffer go.
/// </summary>
internal sealed class SipMessage
{
    private byte[] _buffer;
    private HeaderSlot[] _headers;
    private Range _method;
    private Range _requestUri;
    private Range _body;

    internal SipMessage(byte[] buffer, StartLine start, HeaderSlot[] headers, Range body)
    {
        _buffer = buffer;
        _headers = headers;
        _method = start.Method;
        _requestUri = start.RequestUri;
        _body = body;
        Status = start.Status;
    }

    /// <summary>The status code of a response; 0 for a request.</summary>
    public int Status { get; }

    public bool IsRequest => Status == 0;

    /// <summary>The method of a request; empty for a response.</summary>
    public ReadOnlySpan<byte> Method => _buffer.AsSpan(_method);

    public ReadOnlySpan<byte> RequestUri => _buffer.AsSpan(_requestUri);

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_body);

    /// <summary>The header fields in order.</summary>
    public ReadOnlySpan<HeaderSlot> Headers => _headers;

    public ReadOnlySpan<byte> Name(in HeaderSlot slot) => _buffer.AsSpan(slot.NameStart, slot.NameLength);

    public ReadOnlySpan<byte> Value(in HeaderSlot slot) => _buffer.AsSpan(slot.ValueStart, slot.ValueLength);

    /// <summary>
    /// Lets the bytes go: the message is then one without headers. By the owner, when nobody reads it any more.
    /// </summary>
    public void ReleaseBuffer() => (_buffer, _headers, _method, _requestUri, _body) = ([], [], 0..0, 0..0, 0..0);

    /// <summary>The first field of that name.</summary>
    public bool TryGet(HeaderName name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly var slot in Headers)
        {
            if (slot.Name == name)
            {
                value = Value(slot);
                return true;
            }
        }

        value = default;
        return false;
    }

    public int Count(HeaderName name)
    {
        var count = 0;
        foreach (ref readonly var slot in Headers)
        {
            count += slot.Name == name ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether a comma-separated header, over all of its fields, lists the token (any case).</summary>
    public bool Lists(HeaderName name, ReadOnlySpan<byte> token)
    {
        foreach (ref readonly var slot in Headers)
        {
            if (slot.Name != name)
            {
                continue;
            }

            foreach (var item in new CommaList(Value(slot)))
            {
                if (Ascii.EqualsIgnoreCase(item, token))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>What a start line holds; <see cref="Status"/> 0 means a request.</summary>
internal readonly record struct StartLine(Range Method, Range RequestUri, int Status);
